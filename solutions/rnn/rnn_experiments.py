"""What the experiments of the notebook are run with: texts, progress bars, a tokenizer."""

from __future__ import annotations

import hashlib
import os
import sys
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

# The text that character networks are often tried on: plays by Shakespeare, 1,115,394 bytes.
SHAKESPEARE = (
    "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"
)
SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
SONNETS = Path(__file__).parent / "data" / "sonnets.txt"
SECONDS = 15  # to wait for a download


@contextmanager
def experiment(title: str) -> Iterator[None]:
    """Runs an experiment as far as your functions go, and says which of them is still missing."""
    try:
        yield
    except NotImplementedError as missing:
        print(f"{title}: not run, {missing}")
    except ModuleNotFoundError as missing:
        print(f"{title}: not run, pip install {missing.name}")
    except NameError as missing:
        print(f"{title}: not run, {missing}; it comes from an experiment above")


def _not_for_nbgrader() -> None:
    if "NBGRADER_EXECUTION" in os.environ:
        raise NotImplementedError("since nbgrader looks at the checks alone")


def progress(steps: int | Sequence[Any], title: str) -> Any:
    """Counts from 1 to ``steps``, or goes through a sequence, and shows how far it is.

    ``.write(text)`` prints beside it.
    """
    _not_for_nbgrader()
    over = range(1, steps + 1) if isinstance(steps, int) else steps
    return tqdm(over, title, file=sys.stdout, mininterval=0.5, ncols=80)


class Names:
    """A list of names as sequences of characters, each between two newlines."""

    def __init__(self, file: str) -> None:
        lines = (Path(__file__).parent / file).read_text(encoding="utf-8").splitlines()
        self.names = [line for line in lines if line]
        self.alphabet = sorted(set("\n".join(self.names)))
        self.vocab_size = len(self.alphabet)
        self.newline = self.alphabet.index("\n")

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """One of the names, as token ids, with the newlines."""
        return self.ids(f"\n{self.names[rng.integers(len(self.names))]}\n")

    def ids(self, text: str) -> np.ndarray:
        """(L,) the token ids of a text."""
        return np.array([self.alphabet.index(character) for character in text])

    def spell(self, ids: Iterable[int]) -> str:
        """Drawn tokens as text, up to the first newline."""
        return "".join(self.alphabet[token] for token in ids).split("\n")[0]


def small_weights(vocab_size: int, hidden: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Weights of a character RNN whose inputs are one-hot, in the order that ``bptt`` takes."""
    return {
        "W_x": 0.1 * rng.normal(size=(vocab_size, hidden)),
        "W_h": 0.1 * rng.normal(size=(hidden, hidden)),
        "b_h": np.zeros(hidden),
        "W_y": 0.1 * rng.normal(size=(hidden, vocab_size)),
        "b_y": np.zeros(vocab_size),
    }


def rotation(size: int, rng: np.random.Generator) -> np.ndarray:
    """(H,H) a random matrix all of whose singular values are 1."""
    return np.linalg.qr(rng.normal(size=(size, size)))[0]


def shakespeare(file: str) -> str:
    """Shakespeare's plays from a file; where there is none, they are downloaded into it.

    What is downloaded must have the right SHA-256. Without a network, the sonnets that lie beside
    this notebook are returned.
    """
    _not_for_nbgrader()
    path = Path(__file__).parent / file
    if not path.exists():
        try:
            with urllib.request.urlopen(SHAKESPEARE, timeout=SECONDS) as response:
                data = response.read()
            if hashlib.sha256(data).hexdigest() != SHA256:
                raise OSError("what came is another text")
            path.write_bytes(data)
        except OSError as problem:
            print(f"no download ({problem}); the sonnets in {SONNETS.name} take its place")
            path = SONNETS
    text = path.read_text(encoding="utf-8")
    print(f"{path.name}: {len(text):,} characters")
    return text


def byte_pairs(text: str, vocab_size: int) -> Any:
    """A byte-pair tokenizer that learned its tokens from a text (the `tokenizers` library).

    ``.encode(text).ids`` are the tokens of a text, ``.decode(ids)`` is the text of tokens.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, show_progress=False)
    tokenizer.train_from_iterator(text.splitlines(keepends=True), trainer)
    return tokenizer


def as_arrays(model: Any) -> dict[str, np.ndarray]:
    """The weights of a ``CharRNN`` in the order and the shapes that ``generate`` takes."""
    given = {name: value.detach().numpy() for name, value in model.state_dict().items()}
    return {
        "W_e": given["embedding.weight"],
        "W_x": given["rnn.weight_ih_l0"].T,
        "W_h": given["rnn.weight_hh_l0"].T,
        "b_h": given["rnn.bias_ih_l0"] + given["rnn.bias_hh_l0"],
        "W_y": given["output.weight"].T,
        "b_y": given["output.bias"],
    }


def batches(inputs: np.ndarray, targets: np.ndarray, size: int) -> list[tuple[Any, Any]]:
    """Windows (M,T) and their targets in random order, ``size`` at a time, as tensors."""
    import torch

    order = torch.randperm(len(inputs))
    x, y = torch.from_numpy(inputs), torch.from_numpy(targets)
    return [(x[rows], y[rows]) for rows in order.split(size)]
