# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Remembering the Past: Recurrent Neural Networks
#
# A sentence is more than a bag of words. To guess the next word, or the next letter, you need
# to know what came before. In this assignment you build a network that remembers: first its
# parts in plain numpy, then the whole model in PyTorch, then its training, and at the end a
# program that writes on its own.
#
# | task | points | parts |
# |---|---|---|
# | 01 Why Sequence Matters | 1.0 | 1a context, 1b no memory |
# | 02 The RNN Architecture | 1.5 | 2a the cell, 2b the model, 2c unrolling |
# | 03 Training a Language Model | 1.5 | 3a the objective, 3b one step back, 3c through time |
# | 04 Generation and the Big Picture | 1.0 | 4a the sampler, 4b generating |
#
# Each of the ten parts is worth half a point.
#
# **How to work.** Each part has a short explanation, a small example to follow on paper, one or
# more functions to write, a cell that checks them, and a question to answer in words. Write
# your code where it says `# YOUR CODE HERE`, and delete the line below it that raises
# `NotImplementedError`. Keep the names of the functions and the order of their arguments. The
# check cells show what is right and what is not; when your work is graded, the same things are
# also checked on other inputs. Loops or matrix products, both are fine. Never change an argument
# in place: work on a copy.
#
# **Think first.** While a function is not written, its check shows a small call of it. Say what
# the call returns, as in `predict("softmax", [0.2, 0.8])`, and you learn whether that is right. Or
# leave it out: it is not marked. A check that fails gives a hint: where to look. Change your code
# and run it again, and the next one names the idea, the third nearly says the line.
#
# **Notation.** Vectors are rows, and the batch comes first.
#
# | letter | meaning | | array | shape |
# |---|---|---|---|---|
# | `N` | sequences in a batch | | `W_e` embeddings | (V,E) |
# | `T` | time steps | | `W_x` input to state | (E,H) |
# | `V` | tokens in the vocabulary | | `W_h` state to state | (H,H) |
# | `E` | size of an embedding | | `b_h` bias of the state | (H,) |
# | `H` | size of the hidden state | | `W_y`, `b_y` state to logits | (H,V), (V,) |
#
# The whole network is two lines. The weights are the same at every step:
#
#     h_t     = tanh(h_{t-1} W_h + e_t W_x + b_h)        e_t (N,E)   h_t (N,H)
#     y_{t+1} = softmax(h_t W_y + b_y)                   y (N,V)
#
# Here `e_t` is the embedding of token t, and `y_{t+1}` holds a probability for each token that
# may come next. Losses are means over all `N*T` predictions, in nats (natural logarithms).

# %%
from collections.abc import Sequence
from contextlib import suppress

import numpy as np

try:  # these two lie beside this file
    from rnn_check import check, gradient_check, hand_in, predict, self_test
    from rnn_experiments import experiment
except ImportError as missing:
    print(f"{missing.name} is missing here: README.md, under Start, says how to get it")

    def check(part: str) -> None:
        print(f"part {part}: not checked, since an import above failed")


# %% [markdown]
# ## Task 01 Why Sequence Matters (1 point)
#
# ### 1a Context (0.5)
#
# The simplest model of a language is a table of counts. Take the text "banana":
#
# - With no context, count the letters: a 3, n 2, b 1. So P(a) = 3/6, P(n) = 2/6, P(b) = 1/6.
# - After "n" comes "a", twice out of two: P(a | n) = 1.
# - After "an" comes "a", at both places: P(a | an) = 1.
# - The context "na" occurs at two places too, but the second ends the text. Only one place
#   counts: P(n | na) = 1.
# - The context "ab" never occurs. The table knows nothing, so every letter is equally likely.
# - Places may overlap: in "aaaa" the context "aa" occurs at three places, and at two of them
#   something follows.
#
# One letter of context already turns a vague guess into a sure one. The price: with 25 letters
# there are 25 contexts of one letter, but 25^5 = 9,765,625 contexts of five. Nearly all of them
# never occur in any text you have, and the table says nothing about them.

# %%
predict("1a")  # what is "?"  Say it: predict("ngram_distribution", [...]), or go on


# %% part="1a" role="stub"
def ngram_distribution(tokens: np.ndarray, context: np.ndarray, vocab_size: int) -> np.ndarray:
    """How often each token follows a context in a text, as relative frequencies.

        P(v | context) = count(context followed by v) / count(context followed by anything)

    Every place where the whole context occurs counts, overlapping places too. With an empty
    context every token of the text counts once. A context that nothing follows (it never
    occurs, or only at the very end) gives the uniform distribution.

    Args:
        tokens: (L,) ints from 0 to vocab_size - 1, the text.
        context: (k,) ints, the k tokens just before the one in question; k may be 0.
        vocab_size: V, the number of different tokens.

    Returns:
        (V,) floats that add up to 1.

    Example:
        >>> tokens = np.array([0, 1, 0, 1, 0, 2])  # the text "ababac"
        >>> ngram_distribution(tokens, np.array([0]), 3).round(3)  # after "a": b, b, c
        array([0.   , 0.667, 0.333])
        >>> ngram_distribution(tokens, np.array([2]), 3).round(3)  # nothing comes after "c"
        array([0.333, 0.333, 0.333])
    """
    ### BEGIN SOLUTION
    tokens, context = np.asarray(tokens), np.ravel(context)
    k = len(context)
    places = max(len(tokens) - k, 0)  # where a context can begin and still be followed
    found = np.ones(places, dtype=bool)
    for i, token in enumerate(context):
        found &= tokens[i : i + places] == token
    counts = np.bincount(tokens[k:][found], minlength=vocab_size)
    if counts.sum() == 0:
        return np.full(vocab_size, 1 / vocab_size)
    return counts / counts.sum()
    ### END SOLUTION
    raise NotImplementedError("part 1a: ngram_distribution is still to be written")


# %% part="1a" role="check"
check("1a")

# %% [markdown] part="1a" role="written"
# **Question 1a.** Take the sentence "She poured the coffee into the ..." and explain why context
# matters for guessing the next word. What does a longer context win, and what does it cost a
# table of counts?
#
# ### BEGIN SOLUTION
# Without context the best guess is a frequent word such as "the", which cannot follow here. The
# last word alone ("the") asks for a noun or an adjective; "poured" and "coffee", several words
# back, make "cup" or "mug" likely. So a longer context makes the guess sharper. The table pays
# for it: the number of contexts is V^k, so most contexts of length k never occur in the text,
# and the counts of those that do are small and unreliable. It also learns nothing about one
# context from another that means nearly the same.
# ### END SOLUTION

# %% [markdown]
# ### 1b No memory (0.5)
#
# A neural network shares what it learns between similar inputs, which a table cannot. Here is
# one with two layers, applied to each position alone:
#
#     logits_t = tanh(e_t W_x + b_h) W_y + b_y
#
# Follow it on paper with E = H = V = 1, `W_x` = 2, `b_h` = 0, `W_y` = 3, `b_y` = 1 and the inputs
# 0, 0.5, 0:
#
# | t | e_t | tanh(2 e_t) | logit |
# |---|---|---|---|
# | 1 | 0 | 0 | 1 |
# | 2 | 0.5 | 0.762 | 3.285 |
# | 3 | 0 | 0 | 1 |
#
# Steps 1 and 3 have the same input, so they have the same output, whatever is around them.
# In "she set the table" and "a table of counts", the word "table" gets the same prediction.
#
# One way out is a *window*: put the last k embeddings side by side and feed them in together.
# Now order counts, within the window. But each place of the window has its own E x H weights,
# so what is learned about a word in one place says nothing about it in another; and what is
# k + 1 tokens back is out of sight. Task 02 takes another way: one set of weights, used at every
# step, and a *hidden state* of fixed size that is handed from each step to the next and sums up
# what was read so far.


# %% part="1b" role="stub"
def feed_forward_logits(
    x: np.ndarray, W_x: np.ndarray, b_h: np.ndarray, W_y: np.ndarray, b_y: np.ndarray
) -> np.ndarray:
    """Logits of a two-layer network that looks at each position alone.

        logits_t = tanh(e_t W_x + b_h) W_y + b_y

    Args:
        x: (N,T,E) the inputs e_t.
        W_x: (E,H) weights from the input to the hidden layer.
        b_h: (H,) bias of the hidden layer.
        W_y: (H,V) weights from the hidden layer to the output.
        b_y: (V,) bias of the output.

    Returns:
        (N,T,V) one logit for each token of the vocabulary, at each position.

    Example:
        >>> x = np.array([[[0.0], [1.0], [0.0]]])  # N=1, T=3, E=1
        >>> W_x, b_h = np.array([[1.0]]), np.array([0.0])
        >>> W_y, b_y = np.array([[1.0, -1.0]]), np.array([0.0, 0.5])
        >>> feed_forward_logits(x, W_x, b_h, W_y, b_y).round(3)  # positions 0 and 2 agree
        array([[[ 0.   ,  0.5  ],
                [ 0.762, -0.262],
                [ 0.   ,  0.5  ]]])
    """
    ### BEGIN SOLUTION
    return np.tanh(x @ W_x + b_h) @ W_y + b_y
    ### END SOLUTION
    raise NotImplementedError("part 1b: feed_forward_logits is still to be written")


# %% part="1b" role="concepts"
# The concept questions of part 1b are here, from concepts.yaml.

# %% part="1b" role="check"
check("1b")

# %% [markdown] part="1b" role="written"
# **Question 1b.** "dog bites man" and "man bites dog" go through `feed_forward_logits`. Which
# outputs of the two sentences agree, and why? What is missing in this network, and why are more
# layers or more hidden units no remedy?
#
# ### BEGIN SOLUTION
# The outputs at "dog" agree, and so do those at "bites" and at "man": each output is a function
# of the token at its own position alone, and the two sentences hold the same tokens. What is
# missing is a path from one position to another, some memory of what came before. More layers or
# units give a richer function of the same single token. They add no information about its
# neighbours.
# ### END SOLUTION

# %% [markdown]
# ## Task 02 The RNN Architecture (1.5 points)
#
# A recurrent network has one cell with a loop: its state goes back in at the next step. Drawn
# step by step, the loop becomes a chain. This is called *unrolling*. The cells in the figure are
# one and the same cell, at different times.

# %%
with suppress(ImportError):
    from rnn_experiments import draw_unrolled

    draw_unrolled(["h", "e", "l", "l"], ["e", "l", "l", "o"])

# %% [markdown]
# The same cell serves tasks of different shapes. *One-to-one* is a plain network: one input, one
# output. *One-to-many* writes a sequence from a single input, such as a caption for an image.
# *Many-to-one* reads a sequence and gives one answer at its end, such as the mood of a review.
# *Many-to-many* gives a sequence for a sequence: an answer at every step, as in the figure, or a
# translation after the whole sentence was read.
#
# ### 2a The cell (0.5)
#
#     h_t = tanh(h_{t-1} W_h + e_t W_x + b_h)
#
# An example with E = H = 2. Let `h_{t-1}` = (0.5, -0.5), `e_t` = (1, 0), `b_h` = (0.1, 0.1), and
#
#     W_h = [ 0.6  0.0 ]      W_x = [ 0.2  -0.1 ]
#           [ 0.2  0.4 ]            [ 0.4   0.3 ]
#
# - from the old state: (0.5 * 0.6 - 0.5 * 0.2, 0.5 * 0.0 - 0.5 * 0.4) = (0.2, -0.2)
# - from the input: the first row of `W_x`, (0.2, -0.1)
# - with the bias, the sum is (0.5, -0.2); tanh gives `h_t` = (0.462, -0.197)
#
# The tanh keeps every entry between -1 and 1, however long the sequence is. Its slope at an
# output h is 1 - h^2: it is 1 where h = 0, and close to 0 where h is close to 1 or -1.
#
# `softmax` turns any numbers, the *logits*, into probabilities. For the logits (2, 1, 0) the
# exponentials are 7.389, 2.718 and 1. Their sum is 11.107, and the probabilities are 0.665, 0.245
# and 0.090. For (102, 101, 100) the probabilities are the same, since a number that is added to
# all logits cancels. That is also the way to handle logits whose exponentials no computer can
# hold.


# %% part="2a" role="stub"
def rnn_cell_forward(
    x_t: np.ndarray, h_prev: np.ndarray, W_x: np.ndarray, W_h: np.ndarray, b_h: np.ndarray
) -> np.ndarray:
    """One step of the RNN: the new hidden state from the old one and the input.

        h_t = tanh(h_{t-1} W_h + e_t W_x + b_h)

    Args:
        x_t: (N,E) the input e_t of this step.
        h_prev: (N,H) the hidden state h_{t-1} before it.
        W_x: (E,H) weights from the input.
        W_h: (H,H) weights from the old state.
        b_h: (H,) bias.

    Returns:
        (N,H) the hidden state h_t.

    Example:
        >>> x_t, h_prev = np.array([[1.0, 2.0]]), np.array([[0.5]])  # N=1, E=2, H=1
        >>> W_x, W_h, b_h = np.array([[0.2], [0.1]]), np.array([[0.4]]), np.array([0.1])
        >>> rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h).round(4)  # tanh(0.2 + 0.4 + 0.1)
        array([[0.6044]])
    """
    ### BEGIN SOLUTION
    return np.tanh(h_prev @ W_h + x_t @ W_x + b_h)
    ### END SOLUTION
    raise NotImplementedError("part 2a: rnn_cell_forward is still to be written")


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turns logits into probabilities, along the last axis.

        softmax(z)_v = exp(z_v) / sum_u exp(z_u)

    Must hold for large logits too, such as 10000 and -10000, and for rows in which some (not
    all) logits are -inf: these tokens get probability 0.

    Args:
        logits: (...,V) any number of leading axes, also none.

    Returns:
        (...,V) probabilities; each row along the last axis adds up to 1.

    Example:
        >>> softmax(np.array([[0.0, np.log(3.0)], [10000.0, 10000.0], [0.0, -np.inf]]))
        array([[0.25, 0.75],
               [0.5 , 0.5 ],
               [1.  , 0.  ]])
    """
    ### BEGIN SOLUTION
    shifted = logits - np.max(logits, axis=-1, keepdims=True)  # no exponential overflows
    exponentials = np.exp(shifted)
    return exponentials / exponentials.sum(axis=-1, keepdims=True)
    ### END SOLUTION
    raise NotImplementedError("part 2a: softmax is still to be written")


# %% part="2a" role="check"
check("2a")

# %% [markdown] part="2a" role="written"
# **Question 2a.** What does the hidden state carry from step to step? Say what it depends on,
# what it cannot hold, and how the network comes to know what is worth keeping.
#
# ### BEGIN SOLUTION
# The state h_t is a vector of H numbers that depends on h_0 and on all inputs up to step t, in
# their order: each step mixes the old state with the new input. It is a summary, not a record.
# Its size is fixed, so it cannot hold a long text word for word, and each step writes over part
# of it. What is kept is decided by W_h, W_x and b_h. Training moves these weights towards
# summaries that help to predict what comes next. The state itself is no parameter: it is
# computed anew for each sequence.
# ### END SOLUTION

# %% [markdown]
# ### 2b The model (0.5)
#
# Now the same network in PyTorch, with three layers:
#
# | layer | kind | from | to |
# |---|---|---|---|
# | `embedding` | `nn.Embedding` | tokens (N,T) | vectors (N,T,E) |
# | `rnn` | `nn.RNN`, `batch_first=True` | vectors (N,T,E) | states (N,T,H) |
# | `output` | `nn.Linear` | states (N,T,H) | logits (N,T,V) |
#
# With the sizes of the lecture (V = 512, E = 128, H = 64) and a batch of N = 4 windows of T = 32
# tokens, the shapes are (4,32), then (4,32,128), then (4,32,64), then (4,32,512). The last state
# has the shape (1,4,64): PyTorch puts the number of layers first.
#
# To count parameters, write down the shape of each weight and each bias. A Linear layer from 4
# to 3 has 4 * 3 weights and 3 biases, 15 in all. An embedding is a table with a row for each
# token and has no bias. `nn.RNN` has a bias beside `W_x` and another one beside `W_h`. One would
# do, since they are added; PyTorch keeps both.

# %% part="2b" role="stub"
import torch
from torch import nn


class CharRNN(nn.Module):
    """Tokens in, logits for the next token out: embedding, RNN, output layer.

    Attributes:
        embedding: nn.Embedding, a vector of size E for each of the V tokens.
        rnn: nn.RNN, one tanh layer with hidden size H, ``batch_first=True``.
        output: nn.Linear with bias, from a hidden state to V logits.

    Example:
        >>> model = CharRNN(vocab_size=10, embedding_dim=4, hidden_size=6)
        >>> logits, h = model(torch.zeros(2, 5, dtype=torch.long))  # N=2, T=5
        >>> logits.shape, h.shape
        (torch.Size([2, 5, 10]), torch.Size([1, 2, 6]))
    """

    def __init__(
        self, vocab_size: int = 512, embedding_dim: int = 128, hidden_size: int = 64
    ) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.embedding = nn.Embedding(vocab_size, embedding_dim)
        self.rnn = nn.RNN(embedding_dim, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)
        return
        ### END SOLUTION
        raise NotImplementedError("part 2b: CharRNN.__init__ is still to be written")

    def forward(
        self, tokens: torch.Tensor, h: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Reads tokens, starting from the state ``h``.

        Args:
            tokens: (N,T) ints.
            h: (1,N,H) the state to start from; None means zeros.

        Returns:
            logits: (N,T,V) for the token after each position.
            h: (1,N,H) the state after the last token.
        """
        ### BEGIN SOLUTION
        states, h = self.rnn(self.embedding(tokens), h)
        return self.output(states), h
        ### END SOLUTION
        raise NotImplementedError("part 2b: CharRNN.forward is still to be written")


def parameter_count(vocab_size: int, embedding_dim: int, hidden_size: int) -> dict[str, int]:
    """The number of trainable numbers in each layer of ``CharRNN``.

    Remember that nn.RNN has two bias vectors, one beside each of its weight matrices.

    Args:
        vocab_size: V.
        embedding_dim: E.
        hidden_size: H.

    Returns:
        A dict with the keys "embedding", "rnn" and "output", each an int.

    Example:
        >>> parameter_count(vocab_size=5, embedding_dim=3, hidden_size=2)
        {'embedding': 15, 'rnn': 14, 'output': 15}
    """
    ### BEGIN SOLUTION
    return {
        "embedding": vocab_size * embedding_dim,
        "rnn": embedding_dim * hidden_size + hidden_size * hidden_size + 2 * hidden_size,
        "output": hidden_size * vocab_size + vocab_size,
    }
    ### END SOLUTION
    raise NotImplementedError("part 2b: parameter_count is still to be written")


# %% part="2b" role="check"
check("2b")

# %% [markdown] part="2b" role="written"
# **Question 2b.** List the layers of the lecture model (512 to 128 to 64 to 512), with what goes
# in, what comes out, and the number of parameters of each. Which of these numbers would change
# for texts twice as long?
#
# ### BEGIN SOLUTION
# The embedding turns each of 512 tokens into 128 numbers: 512 * 128 = 65,536 parameters. The RNN
# reads 128 numbers and its own 64, and gives 64: 128 * 64 + 64 * 64 + 2 * 64 = 12,416. The output
# layer turns 64 numbers into 512 logits: 64 * 512 + 512 = 33,280. Together 111,232. None of them
# depends on the length of the text, since every step uses the same weights. Longer texts take
# more computation, and training takes more memory for the states, but there are no more
# parameters.
# ### END SOLUTION

# %% [markdown]
# ### 2c Unrolling (0.5)
#
#     h_1 = cell(e_1, h_0),   h_2 = cell(e_2, h_1),   ...,   h_T = cell(e_T, h_{T-1})
#
# Follow an echo on paper, with E = H = 1, `W_x` = 1, `W_h` = 0.5, `b_h` = 0 and `h_0` = 0. The
# inputs are 1, 0, 0:
#
# - h_1 = tanh(0.5 * 0 + 1) = 0.762
# - h_2 = tanh(0.5 * 0.762) = tanh(0.381) = 0.363
# - h_3 = tanh(0.5 * 0.363) = tanh(0.182) = 0.180
#
# The input was silent after step 1, and still the state remembers it, more faintly at each step.
# With the inputs 0, 0, 1 the last state is 0.762 instead: order matters now.


# %% part="2c" role="stub"
def rnn_forward(
    x: np.ndarray, h0: np.ndarray, W_x: np.ndarray, W_h: np.ndarray, b_h: np.ndarray
) -> np.ndarray:
    """Unrolls the RNN over a sequence: the same cell, with the same weights, at every step.

        h_1 = cell(e_1, h_0),  h_2 = cell(e_2, h_1),  ...,  h_T = cell(e_T, h_{T-1})

    Args:
        x: (N,T,E) the inputs e_1 to e_T.
        h0: (N,H) the state before the first step.
        W_x: (E,H) weights from the input.
        W_h: (H,H) weights from the old state.
        b_h: (H,) bias.

    Returns:
        (N,T,H) every hidden state h_1 to h_T (h_0 is not among them).

    Example:
        >>> x = np.array([[[1.0], [0.0], [0.0]]])  # N=1, T=3, E=1: one push, then silence
        >>> h0, W_x, W_h, b_h = np.zeros((1, 1)), np.eye(1), 0.5 * np.eye(1), np.zeros(1)
        >>> rnn_forward(x, h0, W_x, W_h, b_h).round(3)  # the echo fades
        array([[[0.762],
                [0.363],
                [0.18 ]]])
    """
    ### BEGIN SOLUTION
    h = h0
    states = []
    for t in range(x.shape[1]):
        h = rnn_cell_forward(x[:, t], h, W_x, W_h, b_h)
        states.append(h)
    return np.stack(states, axis=1)
    ### END SOLUTION
    raise NotImplementedError("part 2c: rnn_forward is still to be written")


# %% part="2c" role="check"
check("2c")

# %% [markdown] part="2c" role="written"
# **Question 2c.** Put the equation of the RNN beside that of the feed-forward network in 1b. Which
# term is new, and what becomes possible through it? What would `W_h` = 0 mean?
#
# ### BEGIN SOLUTION
# Feed-forward: tanh(e_t W_x + b_h). RNN: tanh(h_{t-1} W_h + e_t W_x + b_h). The new term is
# h_{t-1} W_h. Since h_{t-1} was itself made from h_{t-2} and e_{t-1}, and so on, the output at
# step t can depend on all earlier inputs and on their order, with no limit set in advance and
# with H * H more weights only. With W_h = 0 the term is gone: each position is alone again,
# and the RNN is the feed-forward network. The price is that the steps must be computed one after
# another.
# ### END SOLUTION

# %% [markdown]
# ## Task 03 Training a Language Model (1.5 points)
#
# ### 3a The objective (0.5)
#
# A text is its own teacher: the right answer at each position is the next token. The letters of
# "to be or", cut into windows of three, give
#
# | inputs | targets |
# |---|---|
# | `t` `o` `_` | `o` `_` `b` |
# | `b` `e` `_` | `e` `_` `o` |
#
# (`_` is the space.) There are L = 8 letters and M = (8 - 1) // 3 = 2 windows. The last
# `r` does not fill a window with its target, and is dropped.
#
# The *cross-entropy* of one prediction is minus the logarithm of the probability that the model
# gave to the right token. Say the model gave 1/2 to the first target and 1/4 to the second. The
# losses are 0.693 and 1.386 nats, and their mean is 1.040. The *perplexity* is exp(1.040) = 2.83:
# on the whole, the model was as unsure as if it had to choose among 2.83 equally likely tokens,
# a number between the 2 of the first prediction and the 4 of the second.
#
# A probability of exp(-20000) is zero to a computer, and its logarithm is minus infinity. The
# loss itself is no more than 20000. Write the logarithm of the softmax out before you compute it.


# %% part="3a" role="stub"
def next_token_pairs(tokens: np.ndarray, seq_len: int) -> tuple[np.ndarray, np.ndarray]:
    """Cuts a text into training pairs: windows, and the same windows one token later.

    The windows follow each other without overlap. The tail that does not fill a window
    together with its targets is dropped, so there are M = (L - 1) // seq_len of them.

    Args:
        tokens: (L,) ints, the text.
        seq_len: the length of a window.

    Returns:
        inputs: (M,seq_len) ints.
        targets: (M,seq_len) ints; targets[i, t] is the token that comes after inputs[i, t].

    Example:
        >>> inputs, targets = next_token_pairs(np.arange(10, 18), 3)  # 10, 11, ..., 17
        >>> inputs
        array([[10, 11, 12],
               [13, 14, 15]])
        >>> targets
        array([[11, 12, 13],
               [14, 15, 16]])
    """
    ### BEGIN SOLUTION
    windows = (len(tokens) - 1) // seq_len
    end = windows * seq_len
    inputs = np.array(tokens[:end]).reshape(windows, seq_len)
    targets = np.array(tokens[1 : end + 1]).reshape(windows, seq_len)
    return inputs, targets
    ### END SOLUTION
    raise NotImplementedError("part 3a: next_token_pairs is still to be written")


def cross_entropy(logits: np.ndarray, targets: np.ndarray) -> float:
    """The mean cross-entropy of predictions, in nats.

        loss = mean over all predictions of  -log softmax(logits)[target]

    Must hold for large logits too, such as 10000 and -10000, where a probability can round
    to zero although its logarithm is a plain number.

    Args:
        logits: (...,V) any number of leading axes, also none.
        targets: (...) ints, the right token of each prediction.

    Returns:
        The mean over all predictions, a float.

    Example:
        >>> cross_entropy(np.zeros((1, 2, 4)), np.array([[0, 3]]))  # log 4: one of four
        1.3862943611198906
        >>> cross_entropy(np.array([[10000.0, 0.0]]), np.array([1]))
        10000.0
    """
    ### BEGIN SOLUTION
    shifted = logits - np.max(logits, axis=-1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    right = np.asarray(targets)[..., None]
    return float(-np.take_along_axis(log_probabilities, right, axis=-1).mean())
    ### END SOLUTION
    raise NotImplementedError("part 3a: cross_entropy is still to be written")


def perplexity(loss: float) -> float:
    """The perplexity of a mean cross-entropy in nats.

        perplexity = exp(loss)

    Args:
        loss: the mean cross-entropy, in nats.

    Returns:
        The number of equally likely tokens that would give the same loss, a float.

    Example:
        >>> round(perplexity(np.log(8)), 6)  # one of eight
        8.0
    """
    ### BEGIN SOLUTION
    return float(np.exp(loss))
    ### END SOLUTION
    raise NotImplementedError("part 3a: perplexity is still to be written")


# %% part="3a" role="check"
check("3a")

# %% [markdown] part="3a" role="written"
# **Question 3a.** A character RNN with 50 hidden units was trained on the names of the 118
# elements; one epoch is one pass over the list. These are its mean loss and some samples after a
# number of epochs:
#
# | epoch | loss | samples |
# |---|---|---|
# | 0 | 3.22 | `icepwhwkscn` `vfrhiryvhazhsa` `fgsrbepattdzvbxglckv` |
# | 3 | 2.33 | `gaeionsoiuc` `rili` `raboyneism` |
# | 25 | 1.53 | `sirmerium` `thorium` `ropobium` |
# | 169 | 0.67 | `hafnium` `platinum` `curium` |
#
# Read the samples row by row. What has the network learned by then, and what not yet? Where does
# the 3.22 come from? Is the last row the best model?
#
# ### BEGIN SOLUTION
# At first all 25 characters are about equally likely, and log 25 = 3.22. By epoch 3 the network
# knows which letters are frequent, about how long names are, and that vowels and consonants mix.
# By epoch 25 it knows endings such as "ium" and how names begin; the names sound right, but most
# are invented: it has learned how names are made. By epoch 169 it writes real names: with 118
# names and several thousand weights it has learned much of the list by heart. For reciting elements
# that is the best model. For inventing new names the row before is better, and only names that
# were held back from training could tell where learning by heart began.
# ### END SOLUTION

# %% [markdown]
# ### 3b One step back (0.5)
#
# Training needs gradients. Start with a single step. The loss has a gradient `dh_t` with respect
# to `h_t`; what are the gradients with respect to everything that `h_t` was made from? Write
# `z_t` for the sum inside the tanh. The slope of tanh is 1 - h_t^2, so
#
#     dz_t = dh_t * (1 - h_t^2)
#
# From there on, each gradient is that of a matrix product: go back through a product with W by
# multiplying with W transposed; the gradient of W is the transposed input times `dz_t`.
#
# On paper, with all sizes 1: `x_t` = 1, `h_prev` = -0.5, `h_t` = 0.8, `W_x` = 0.5, `W_h` = 2, and
# `dh_t` = 1.
#
# | gradient | | value |
# |---|---|---|
# | `dz_t` | 1 * (1 - 0.64) | 0.36 |
# | `dx_t` | 0.36 * 0.5 | 0.18 |
# | `dh_prev` | 0.36 * 2 | 0.72 |
# | `dW_x` | 1 * 0.36 | 0.36 |
# | `dW_h` | -0.5 * 0.36 | -0.18 |
# | `db_h` | 0.36 | 0.36 |
#
# In a batch, each row has its own `dx_t` and `dh_prev`. The weights are shared by all rows, so
# their gradients add up over the batch.
#
# **By hand.** Derive the gradients of this part and of the next yourself, and write them down as
# formulas of arrays. While `rnn_cell_backward` or `bptt` is checked or graded, automatic
# differentiation (`backward`, `torch.autograd`, `torch.func`, or that of any other library) raises
# an error. PyTorch as a library of arrays is fine, and so is comparing with autograd in a cell of
# your own.


# %% part="3b" role="stub"
def rnn_cell_backward(
    dh_t: np.ndarray,
    x_t: np.ndarray,
    h_prev: np.ndarray,
    h_t: np.ndarray,
    W_x: np.ndarray,
    W_h: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Takes a gradient back through one step of the RNN.

    With z_t = h_{t-1} W_h + e_t W_x + b_h, so that h_t = tanh(z_t):

        dz_t = dh_t * (1 - h_t^2)

    and from dz_t on, the rules for matrix products and sums give all five gradients.

    Args:
        dh_t: (N,H) the gradient of the loss with respect to h_t.
        x_t: (N,E) the input e_t of the step.
        h_prev: (N,H) the state h_{t-1} before the step.
        h_t: (N,H) the state after the step, as the forward pass gave it.
        W_x: (E,H) weights from the input.
        W_h: (H,H) weights from the old state.

    Returns:
        dx_t: (N,E), dh_prev: (N,H), dW_x: (E,H), dW_h: (H,H), db_h: (H,), in this order: the
        gradients of the loss with respect to x_t, h_prev, W_x, W_h and b_h.

    Example:
        >>> dh_t, x_t, h_prev, h_t = np.array([[[1.0]], [[2.0]], [[0.5]], [[0.6]]])
        >>> W_x, W_h = np.array([[0.3]]), np.array([[0.4]])
        >>> for gradient in rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h):  # dz = 0.64
        ...     print(gradient.round(3))
        [[0.192]]
        [[0.256]]
        [[1.28]]
        [[0.32]]
        [0.64]
    """
    ### BEGIN SOLUTION
    dz = dh_t * (1 - h_t**2)
    return dz @ W_x.T, dz @ W_h.T, x_t.T @ dz, h_prev.T @ dz, dz.sum(axis=0)
    ### END SOLUTION
    raise NotImplementedError("part 3b: rnn_cell_backward is still to be written")


# %% part="3b" role="check"
check("3b")

# %% [markdown]
# **A gradient can check itself.** Move one entry of `W_h` a little, and see by how much the loss
# changes: that is the gradient, found without any calculus. It is far too slow to train with, and
# just right to find mistakes. `gradient_check` does it for every entry; below, the loss is any
# function whose gradient with respect to `h_t` is `dh_t`. Change it to check the other gradients,
# and later those of `bptt`.

# %%
with experiment("gradient check"):
    rng = np.random.default_rng(0)
    x_t, h_prev = rng.normal(size=(3, 2)), rng.uniform(-0.5, 0.5, size=(3, 4))  # N=3, E=2, H=4
    W_x, W_h, b_h = rng.normal(size=(2, 4)), rng.normal(size=(4, 4)), rng.normal(size=4)
    dh_t = rng.normal(size=(3, 4))

    def loss_of(W_h):
        return np.sum(dh_t * rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h))

    h_t = rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h)
    gradients = rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h)
    gradient_check(loss_of, W_h, gradients[3])

# %% [markdown] part="3b" role="written"
# **Question 3b.** A model has a perplexity of 20 on a text with 512 different tokens. Explain what
# this number means, as a number of equally likely options. Which perplexity has a uniform guess,
# and which a perfect model? What is the loss in nats in each of the three cases?
#
# ### BEGIN SOLUTION
# On average (the geometric mean over all predictions) the model gave the right token a
# probability of 1/20. It is as unsure as someone who chooses among 20 equally likely tokens at
# each step. It does not mean that 20 tokens are left: some places are nearly certain, others wide
# open. A uniform guess gives 1/512 to each token and has perplexity 512; a perfect model gives
# probability 1 and has perplexity 1. The losses are log 20 = 3.00, log 512 = 6.24 and log 1 = 0.
# ### END SOLUTION

# %% [markdown]
# ### 3c Through time (0.5)
#
# Now unroll the network over T steps and go back from the last to the first. This is
# *backpropagation through time*, BPTT. A state `h_t` acts on the loss by two routes: through its
# own prediction, and through the next state. Its gradient is the sum of both.

# %%
with suppress(ImportError):
    from rnn_experiments import draw_gradient_routes

    draw_gradient_routes()

# %% [markdown]
# On paper, with one unit, T = 2, `W_h` = 0.5 and `h_2` = 0.6. Say the own predictions give 0.1 for
# `h_1` and 0.5 for `h_2`:
#
# - `h_2` is the last state, so dh_2 = 0.5
# - one step back: 0.5 * (1 - 0.36) * 0.5 = 0.16
# - both routes together: dh_1 = 0.1 + 0.16 = 0.26
#
# Each step back multiplies by `W_h` and by a slope of tanh, here 0.64 * 0.5 = 0.32. After ten such
# steps 0.32^10 = 0.00001 is left: the gradient has *vanished*, and the network hardly learns what
# a distant input was good for. The steps close by still teach it. With a factor of 1.5 the
# gradient would grow to 1.5^10 = 58 times its size: it *explodes*, and one update can ruin the
# weights.
#
# Against exploding gradients there is a simple remedy, *clipping*: when the norm of all gradients
# together is too large, make them all smaller by one factor. The gradients (3) and (4) have the
# joint norm 5; clipped to 1 they become (0.6) and (0.8). The direction stays. Clipping cannot
# bring back what has vanished.
#
# For a long text, BPTT over all of it takes too much memory. *Truncated* BPTT cuts the text into
# windows. The state is carried from one window to the next, the gradient is not.


# %% part="3c" role="stub"
def bptt(
    x: np.ndarray,
    targets: np.ndarray,
    h0: np.ndarray,
    W_x: np.ndarray,
    W_h: np.ndarray,
    b_h: np.ndarray,
    W_y: np.ndarray,
    b_y: np.ndarray,
) -> tuple[float, dict[str, np.ndarray]]:
    """Loss and gradients of the unrolled network: backpropagation through time.

    Forward: the states h_1 to h_T, the logits h_t W_y + b_y at every step, and the mean
    cross-entropy over all N*T predictions. Backward, from the last step to the first:

        dlogits_t = (softmax(logits_t) - onehot(target_t)) / (N T)
        dh_t      = dlogits_t W_y^T + (what step t+1 gives back; nothing at the last step)

    The weights are the same at every step, so their gradients add up over the steps.

    Args:
        x: (N,T,E) the inputs e_1 to e_T.
        targets: (N,T) ints, the right next token at each step.
        h0: (N,H) the state before the first step.
        W_x: (E,H) weights from the input.
        W_h: (H,H) weights from the old state.
        b_h: (H,) bias of the state.
        W_y: (H,V) weights from the state to the logits.
        b_y: (V,) bias of the logits.

    Returns:
        loss: the mean cross-entropy, a float in nats.
        grads: a dict with the keys "x", "h0", "W_x", "W_h", "b_h", "W_y" and "b_y"; each
            value has the shape of what it is the gradient of.

    Example:
        >>> x, h0, targets = np.ones((1, 2, 1)), np.zeros((1, 1)), np.array([[0, 0]])
        >>> W_x, W_h, b_h = np.zeros((1, 1)), np.zeros((1, 1)), np.zeros(1)
        >>> W_y, b_y = np.zeros((1, 2)), np.zeros(2)  # all zero: both tokens equally likely
        >>> loss, grads = bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y)
        >>> round(loss, 4), grads["b_y"]  # log 2; token 0 should become likelier
        (0.6931, array([-0.5,  0.5]))
    """
    ### BEGIN SOLUTION
    N, T, _ = x.shape
    states = rnn_forward(x, h0, W_x, W_h, b_h)
    logits = states @ W_y + b_y
    loss = cross_entropy(logits, targets)

    dlogits = softmax(logits)
    dlogits[np.arange(N)[:, None], np.arange(T), targets] -= 1
    dlogits /= N * T
    dstates = dlogits @ W_y.T  # the part that each state gets from its own output

    grads = {
        "x": np.zeros_like(x),
        "W_x": np.zeros_like(W_x),
        "W_h": np.zeros_like(W_h),
        "b_h": np.zeros_like(b_h),
        "W_y": np.tensordot(states, dlogits, axes=((0, 1), (0, 1))),
        "b_y": dlogits.sum(axis=(0, 1)),
    }
    dh_later = np.zeros_like(h0)
    for t in reversed(range(T)):
        h_prev = states[:, t - 1] if t > 0 else h0
        grads["x"][:, t], dh_later, dW_x, dW_h, db_h = rnn_cell_backward(
            dstates[:, t] + dh_later, x[:, t], h_prev, states[:, t], W_x, W_h
        )
        grads["W_x"] += dW_x
        grads["W_h"] += dW_h
        grads["b_h"] += db_h
    grads["h0"] = dh_later
    return loss, grads
    ### END SOLUTION
    raise NotImplementedError("part 3c: bptt is still to be written")


def clip_gradients(grads: dict[str, np.ndarray], max_norm: float) -> dict[str, np.ndarray]:
    """Scales all gradients by one factor, so that their joint 2-norm is at most ``max_norm``.

        norm   = sqrt(sum of the squares of all entries of all arrays)
        factor = min(1, max_norm / norm)

    Gradients that are all zero stay zero. The argument and its arrays are not modified.

    Args:
        grads: a dict of arrays of any shapes.
        max_norm: the largest joint norm that is left as it is.

    Returns:
        A new dict with the same keys; each array times the factor.

    Example:
        >>> clip_gradients({"W": np.array([[3.0]]), "b": np.array([4.0])}, 1.0)  # norm 5
        {'W': array([[0.6]]), 'b': array([0.8])}
    """
    ### BEGIN SOLUTION
    norm = float(np.sqrt(sum(np.sum(np.square(grad)) for grad in grads.values())))
    factor = max_norm / norm if norm > max_norm else 1.0
    return {name: factor * grad for name, grad in grads.items()}
    ### END SOLUTION
    raise NotImplementedError("part 3c: clip_gradients is still to be written")


# %% part="3c" role="check"
check("3c")

# %% [markdown] part="3c" role="written"
# **Question 3c.** Nobody labelled the text by hand. Why does it teach a network anything to
# predict the next token? What must a model know to do it well? Give two examples.
#
# And backpropagation, piece by piece: say of each of these five in a sentence what goes in and why
# it is there. The slope 1 - h_t^2; the product with `W_h` transposed; the two gradients that meet
# at h_t; the sum over the steps; the clipping.
#
# ### BEGIN SOLUTION
# Every position of a text is an exercise with its solution: the token that follows. To lower the
# loss, the model must use whatever in the context makes the next token likelier, and that takes
# knowledge about the text. After "the keys to the cabinet", the verb "are" takes grammar: the
# model must remember the plural "keys". After "the capital of France is", the right word takes a
# fact. In the names of elements, "ium" at the end takes a feeling for spelling. The gradient
# passes through the hidden state, so the state learns to carry what later predictions need.
#
# The slope: h_t comes out of a tanh, so what arrives at h_t is multiplied by how steep the tanh is
# there, entry by entry; where it is flat, little goes on. The transposed `W_h`: each entry of
# h_{t-1} went into all entries of the sum with its own row of weights, and gets back from each by
# the same weight. Two gradients meet at h_t because it is used twice, for the logits of its step
# and for the next state; they are added. The weights are used at every step, so their gradient is
# the sum of what every step gives. Clipping looks at the norm of all gradients together: one
# product of many Jacobians can be huge, and a shorter step in the same direction does no harm.
# ### END SOLUTION

# %% [markdown]
# ## Task 04 Generation and the Big Picture (1 point)
#
# ### 4a The sampler (0.5)
#
# A trained model gives probabilities. To write a text, tokens must be drawn from them. Two knobs
# change the draw. Take the logits (2, 1, 0) for the tokens 0, 1, 2:
#
# | draw | logits used | probabilities |
# |---|---|---|
# | temperature 1 | (2, 1, 0) | 0.665, 0.245, 0.090 |
# | temperature 0.5 | (4, 2, 0) | 0.867, 0.117, 0.016 |
# | temperature 2 | (1, 0.5, 0) | 0.506, 0.307, 0.186 |
# | temperature 0 | | 1, 0, 0 |
# | top_k = 2 | (2, 1) | 0.731, 0.269, 0 |
#
# A low temperature plays safe and repeats itself; a high one is bold and makes mistakes. `top_k`
# shuts out unlikely tokens, which are many. Draw only from the generator `rng` that is passed in:
# then a draw can be repeated.


# %% part="4a" role="stub"
def sample_token(
    logits: np.ndarray,
    rng: np.random.Generator,
    temperature: float = 1.0,
    top_k: int | None = None,
) -> int:
    """Draws a token from the softmax of its logits.

        P(v) = softmax(logits / temperature)_v

    With ``top_k``, only the top_k largest logits stay in the draw, and their probabilities
    are scaled to add up to 1 again; top_k at or above V changes nothing. Temperature 0 stands
    for the limit: the largest logit wins, nothing is random.

    Args:
        logits: (V,) the logits of the next token.
        rng: the only source of randomness; never np.random.seed, np.random.choice, ...
        temperature: 0 or above; below 1 sharpens the distribution, above 1 flattens it.
        top_k: how many tokens stay in the draw, at least 1; None means all.

    Returns:
        The id of the drawn token, an int from 0 to V - 1.

    Example:
        >>> logits, rng = np.array([0.1, 2.0, -1.0]), np.random.default_rng(0)
        >>> sample_token(logits, rng, temperature=0)
        1
        >>> sample_token(logits, rng, top_k=1)
        1
    """
    ### BEGIN SOLUTION
    logits = np.asarray(logits, dtype=float)
    if temperature == 0:
        return int(np.argmax(logits))
    scaled = (logits - logits.max()) / temperature
    if top_k is not None and top_k < len(scaled):
        scaled[np.argsort(scaled)[:-top_k]] = -np.inf
    return int(rng.choice(len(scaled), p=softmax(scaled)))
    ### END SOLUTION
    raise NotImplementedError("part 4a: sample_token is still to be written")


# %% part="4a" role="check"
check("4a")

# %% [markdown] part="4a" role="written"
# **Question 4a.** Say someone sets the hidden state to zero before every drawn token. What would
# the text look like, and which model of Task 01 would it then be like? When is it right to reset
# the state?
#
# ### BEGIN SOLUTION
# The next token would then depend on the last token alone, as each step starts with no memory.
# Pairs of neighbouring letters would look right, but words would fall apart: the model cannot
# know where in a word it is. It is like counts with a context of one token, or like the
# feed-forward network of 1b. A reset is right where a new text begins that has nothing to do with
# the one before, such as the next name in a list.
# ### END SOLUTION

# %% [markdown]
# ### 4b Generating (0.5)
#
# Generation has two phases. First the prompt is read: each token updates the state, and the
# predictions on the way are ignored. Then the model goes on alone: draw a token, feed it back as
# the next input, draw again. With the prompt "he" and length 2, the steps are
#
# | step | input | state | what happens with the prediction |
# |---|---|---|---|
# | 1 | `h` | h_1, from zero | ignored, the prompt goes on |
# | 2 | `e` | h_2 | draw, say `l` |
# | 3 | `l` | h_3 | draw, say `o` |
#
# and the result is `l`, `o`. In training, the right token of the text was the next input at each
# step. Now there is no right token: the model reads what it wrote itself. The weights no longer
# change; only the state does.
#
# **The big picture.** The hidden state of a plain RNN is rewritten at every step, and the gradient
# has to pass a matrix and a tanh each time. The *LSTM* (long short-term memory) adds a second
# state, the cell state c_t:
#
#     c_t = f_t * c_{t-1} + i_t * g_t
#
# The gates f_t and i_t are numbers between 0 and 1, computed from the input and from h_{t-1}. They
# say how much of the old content to keep and how much of the new, g_t, to write. Where f_t is
# close to 1, the content stays and the gradient flows back almost unchanged. Memory over long
# distances becomes easier to learn. The rest of this assignment stays the same: the loss, the
# clipping, the sampler.


# %% part="4b" role="stub"
def generate(
    prompt: Sequence[int],
    length: int,
    W_e: np.ndarray,
    W_x: np.ndarray,
    W_h: np.ndarray,
    b_h: np.ndarray,
    W_y: np.ndarray,
    b_y: np.ndarray,
    rng: np.random.Generator,
    temperature: float = 1.0,
    top_k: int | None = None,
) -> list[int]:
    """Goes on with a prompt: reads it into the hidden state, then draws token after token.

    The state starts at zero and reads every token of the prompt once, in order. Then, again
    and again: a token is drawn from the logits h_t W_y + b_y (see ``sample_token``), and is
    fed back as the next input. The state is carried all the way.

    Args:
        prompt: P token ids, at least one.
        length: how many tokens to draw, 0 or more.
        W_e: (V,E) embeddings; row v is the vector of token v.
        W_x: (E,H) weights from the input.
        W_h: (H,H) weights from the old state.
        b_h: (H,) bias of the state.
        W_y: (H,V) weights from the state to the logits.
        b_y: (V,) bias of the logits.
        rng: the only source of randomness.
        temperature: as in ``sample_token``.
        top_k: as in ``sample_token``.

    Returns:
        The drawn tokens alone, without the prompt: a list of ``length`` ints.

    Example:
        >>> I = np.eye(3)  # V=E=H=3; the output weights say "the next letter of the alphabet"
        >>> weights = I, I, 0 * I, np.zeros(3), np.roll(I, 1, axis=1), np.zeros(3)
        >>> generate([0], 4, *weights, np.random.default_rng(0), temperature=0)
        [1, 2, 0, 1]
    """
    ### BEGIN SOLUTION
    h = np.zeros((1, len(W_h)), dtype=W_h.dtype)
    for token in prompt:
        h = rnn_cell_forward(W_e[[token]], h, W_x, W_h, b_h)
    drawn: list[int] = []
    while len(drawn) < length:
        logits = h[0] @ W_y + b_y
        drawn.append(sample_token(logits, rng, temperature=temperature, top_k=top_k))
        h = rnn_cell_forward(W_e[[drawn[-1]]], h, W_x, W_h, b_h)
    return drawn
    ### END SOLUTION
    raise NotImplementedError("part 4b: generate is still to be written")


# %% part="4b" role="concepts"
# The concept questions of part 4b are here, from concepts.yaml.

# %% part="4b" role="check"
check("4b")

# %% [markdown] part="4b" role="written"
# **Question 4b.** Tell the story from a linear layer to an RNN in a few steps: linear layer,
# nonlinearity, hidden layer, recurrence, output at each step. What does each step add, and what
# is still missing at the end?
#
# ### BEGIN SOLUTION
# A linear layer x W + b mixes its inputs; several in a row are still one linear layer. A
# nonlinearity such as tanh between two of them makes a network with a hidden layer, which can
# learn curved relations, but of one input of fixed size. Recurrence feeds the hidden layer back
# in at the next step, with the same weights each time: now sequences of any length can be read,
# and order counts. An output layer on every state, with softmax, makes it a language model;
# cross-entropy and BPTT train it; a sampler lets it write. Still missing is a dependable memory
# over long distances, since gradients vanish and the state is small. That is what gates, as in
# the LSTM, are for.
# ### END SOLUTION

# %% [markdown]
# ## Seen at work
#
# Seven experiments with your own functions. Nothing here is marked. A function that is still to be
# written is named, and the rest goes on without it. At these settings each experiment takes some
# seconds, and Shakespeare half a minute; after that, change a number and look again. What loads
# texts and draws figures is in `rnn_experiments.py`.
#
# ### Experiment 1: names of elements
#
# A character RNN learns the names of the 118 elements by plain gradient descent, one name in each
# iteration. A newline begins and ends a name, so the alphabet has 25 characters. The inputs are
# one-hot vectors: `W_e` is the identity matrix.
#
# *What to look for:* first come frequent letters, then syllables, then "ium", then whole names.


# %%
def learn(names, hidden, iterations, learning_rate):
    """Gradient descent on one name after another. Returns the weights, and the losses in nats."""
    rng = np.random.default_rng(0)
    one_hot, h0 = np.eye(names.vocab_size), np.zeros((1, hidden))
    weights = small_weights(names.vocab_size, hidden, rng)
    losses = []
    counter = progress(iterations, "learning names")
    for iteration in counter:
        name = names.draw(rng)
        inputs, targets = next_token_pairs(name, len(name) - 1)
        loss, grads = bptt(one_hot[inputs], targets, h0, *weights.values())
        grads = clip_gradients({key: grads[key] for key in weights}, 5.0)
        for key in weights:
            weights[key] -= learning_rate * grads[key]
        losses.append(loss)
        if iteration % (iterations // 5) == 0:
            counter.write(f"iteration {iteration}, loss {np.mean(losses[-1000:]):.2f}")
            with experiment("samples"):
                drawn = write_names(names, weights, 5, rng)
                counter.write(f"    {', '.join(drawn)}")
    return weights, losses


def write_names(names, weights, count, rng, temperature=1.0):
    """Draws names, each from a state of zeros and up to its newline."""
    network = np.eye(names.vocab_size), *weights.values()
    return [
        names.spell(generate([names.newline], 30, *network, rng, temperature=temperature))
        for _ in range(count)
    ]


with experiment("names of elements"):
    from rnn_experiments import Names, draw_losses, progress, small_weights

    elements = Names("data/elements.txt")
    element_rnn, element_losses = learn(elements, hidden=50, iterations=12_000, learning_rate=0.1)
    draw_losses({"elements": element_losses})

# %% [markdown]
# ### Experiment 2: titles of films
#
# The same on 843 titles, with an alphabet of 43 characters.
#
# *What to look for:* the loss falls more slowly and stays higher, since titles have less in common
# than elements. Short words such as "the" come out first; with 100,000 iterations there are more.

# %%
with experiment("titles of films"):
    films = Names("data/films.txt")
    film_rnn, film_losses = learn(films, hidden=50, iterations=12_000, learning_rate=0.1)
    draw_losses({"elements": element_losses, "films": film_losses})

# %% [markdown]
# ### Experiment 3: how far back the gradient reaches
#
# A gradient is sent back from step 60 through `rnn_cell_backward`, and its norm is taken at each
# step. All singular values of `W_h` are the same, so that one number says by how much it stretches
# a vector. The last line is the network of experiment 1, with its largest singular value.
#
# *What to look for:* straight lines on this scale are powers. Below 1 they fall; at 1 the slope of
# tanh alone bends them down; above 1 the gradient explodes among the first, small states, and is
# held where the states have come close to 1 and -1, as the slope is small there. How many steps
# back can the trained network learn from?

# %%
with experiment("how far back the gradient reaches"):
    from rnn_experiments import draw_lags, progress, rotation

    rng = np.random.default_rng(0)

    def norms_going_back(x, W_x, W_h, b_h):
        """The norm of the gradient of h_t at t = T, T - 1, ..., 1."""
        h0 = np.zeros((len(x), len(W_h)))
        states = rnn_forward(x, h0, W_x, W_h, b_h)
        dh = rng.normal(size=h0.shape)
        norms = [np.linalg.norm(dh)]
        for t in reversed(range(1, x.shape[1])):
            dh = rnn_cell_backward(dh, x[:, t], states[:, t - 1], states[:, t], W_x, W_h)[1]
            norms.append(np.linalg.norm(dh))
        return norms

    H, x = 50, 0.01 * rng.normal(size=(8, 60, 50))
    by_size = {}
    for size in progress((0.5, 0.8, 1.0, 1.1, 1.4), "sizes of W_h"):
        by_size[f"{size}"] = norms_going_back(x, np.eye(H), size * rotation(H, rng), np.zeros(H))
    with suppress(NameError):
        largest = np.linalg.svd(element_rnn["W_h"], compute_uv=False)[0]
        text = elements.ids("\n" + "\n".join(elements.names))[:60]
        learned = (element_rnn[key] for key in ("W_x", "W_h", "b_h"))
        going_back = norms_going_back(np.eye(elements.vocab_size)[text][None], *learned)
        by_size[f"{largest:.1f} at most, trained"] = going_back
    draw_lags(by_size)

# %% [markdown]
# ### Experiment 4: temperature against diversity
#
# *What to look for:* a cold sampler repeats a few names, and they are real ones; a hot one never
# says the same twice, and hardly ever a real name. Which temperature would you take to recite, and
# which to invent?

# %%
with experiment("temperature against diversity"):
    from rnn_experiments import draw_temperatures

    rng = np.random.default_rng(0)
    temperatures = [0.2, 0.4, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0]
    distinct, known = [], []
    counter = progress(temperatures, "temperatures")
    for temperature in counter:
        names = write_names(elements, element_rnn, 100, rng, temperature)
        distinct.append(len(set(names)) / len(names))
        known.append(np.mean([name in elements.names for name in names]))
        counter.write(f"temperature {temperature}: {', '.join(names[:6])}")
    draw_temperatures(temperatures, distinct, known)

# %% [markdown]
# ### Experiment 5: a reset of the state
#
# `generate` begins with a state of zeros. Called for one token at a time, it forgets all but the
# last token. Called for many, it carries the state on, from each name into the next.
#
# *What to look for:* with a reset at each token, neighbouring letters fit, nothing else does, and
# names do not know when to end. With a reset at each name, all is as in training. Without any, the
# network reads on after a newline from states that it never met there in training: how do its
# later names look? In the plot, the real names are read: at which place of a name does memory begin
# to help, and why is a network that forgets worse than one of 25 equally likely characters?

# %%
with experiment("a reset of the state"):
    from rnn_experiments import draw_positions

    rng = np.random.default_rng(0)
    network = np.eye(elements.vocab_size), *element_rnn.values()
    drawn = generate([elements.newline], 60, *network, rng, temperature=0.7)
    print("never reset:  ", "".join(elements.alphabet[token] for token in drawn).split("\n"))
    print("at each name: ", write_names(elements, element_rnn, 6, rng, temperature=0.7))
    token, drawn = elements.newline, []
    for _ in range(60):
        [token] = generate([token], 1, *network, rng, temperature=0.7)
        drawn.append(token)
    print("at each token:", "".join(elements.alphabet[token] for token in drawn).split("\n"))

    W_e, W_x, W_h, b_h, W_y, b_y = network
    losses = {"carried": {}, "reset at each token": {}}
    for name in progress(elements.names, "reading names"):
        x, targets = W_e[elements.ids(f"\n{name}")], elements.ids(f"{name}\n")
        for key, windows in (("carried", x[None]), ("reset at each token", x[:, None])):
            states = rnn_forward(windows, np.zeros((len(windows), len(W_h))), W_x, W_h, b_h)
            logits = (states @ W_y + b_y).reshape(len(targets), -1)
            for place, target in enumerate(targets):
                losses[key].setdefault(place, []).append(cross_entropy(logits[place], target))
    for key, by_place in losses.items():
        mean = np.mean(np.concatenate(list(by_place.values())))
        print(f"perplexity of the names, state {key}: {perplexity(mean):.2f}")
    draw_positions(
        {
            key: [perplexity(np.mean(by_place[place])) for place in range(10)]
            for key, by_place in losses.items()
        }
    )

# %% [markdown]
# ### Experiment 6: Shakespeare
#
# The model of the lecture, 512 to 128 to 64 to 512, on tokens that are made from bytes: the pairs
# of characters that are most frequent become tokens, again and again, until there are 512. A
# twentieth of the text is held out. Training is PyTorch's own (Adam with a learning rate that
# rises and falls once); the windows, the model, the losses and the samples are yours. The text is
# downloaded once. Offline, some of the sonnets take its place.
#
# *What to look for:* words appear within one epoch, names of speakers and line breaks soon after,
# sense never. (A line break is shown as `/`.) The loss of an epoch is the mean over it, so in the
# first the network that has just begun counts too. From then on the held-out perplexity stays above
# that of the training text; how far above? The lecture's run had a perplexity of 76 in epoch 1, of
# 27 in epoch 5 and of 21 in epoch 25; with `epochs = 25` this one ends at 21 too, in some minutes.

# %%
with experiment("Shakespeare"):
    from rnn_experiments import as_arrays, batches, byte_pairs, draw_epochs, shakespeare

    text = shakespeare("data/shakespeare.txt")
    tokenizer = byte_pairs(text, vocab_size=512)
    tokens = np.array(tokenizer.encode(text).ids)
    cut = len(tokens) * 19 // 20
    inputs, targets = next_token_pairs(tokens[:cut], 64)
    held_inputs, held_targets = next_token_pairs(tokens[cut:], 64)

    epochs = 4 if len(tokens) > 100_000 else 20
    torch.manual_seed(0)
    torch.set_num_threads(1)  # the model is small, and more threads would wait for each other
    model = CharRNN(vocab_size=512, embedding_dim=128, hidden_size=64)
    optimizer = torch.optim.Adam(model.parameters())
    steps = epochs * len(batches(inputs, targets, 32))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.01, total_steps=steps)
    training, held_out = [], []
    counter = progress(epochs, "epochs")
    counter.write('epoch  loss  perplexity  held out  "hello there" goes on')
    for epoch in counter:
        losses = []
        for x, y in batches(inputs, targets, 32):
            logits, _ = model(x)
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten())
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        with torch.no_grad():
            held_logits = model(torch.from_numpy(held_inputs))[0].numpy()
        training.append(perplexity(np.mean(losses)))
        held_out.append(perplexity(cross_entropy(held_logits, held_targets)))
        if epoch % (epochs // 4) == 0:
            sample = ""
            with experiment("samples"):
                prompt, rng = tokenizer.encode("hello there").ids, np.random.default_rng(0)
                drawn = generate(prompt, 25, *as_arrays(model).values(), rng, temperature=0.8)
                sample = tokenizer.decode(drawn).replace("\n", " / ")
            counter.write(
                f"{epoch:5}  {np.mean(losses):4.2f}  {training[-1]:10.1f}  {held_out[-1]:8.1f}"
                f"  {sample}"
            )
    draw_epochs(training, held_out)

# %% [markdown]
# ### Experiment 7: RNN, feed-forward network and counts on the same text
#
# Which guesses the next character best, on 1,500 characters that none has seen? The counts are
# mixed with a little of the uniform distribution, so that nothing is impossible. The feed-forward
# network is trained by the same `bptt`, on windows of one character and with a state of zeros:
# then there is nothing to remember.
#
# *What to look for:* the feed-forward network learns just what counts with a context of one know.
# More context helps the counts until most contexts are new; the RNN shares what it learns.


# %%
def learn_text(tokens, vocab_size, T, rows, iterations, hidden=64, learning_rate=0.1):
    """Gradient descent with momentum on random windows of T characters. Returns the weights."""
    rng = np.random.default_rng(0)
    one_hot, h0 = np.eye(vocab_size), np.zeros((rows, hidden))
    weights = small_weights(vocab_size, hidden, rng)
    step = {key: np.zeros_like(weight) for key, weight in weights.items()}
    inputs, targets = next_token_pairs(tokens, T)
    for _ in progress(iterations, f"windows of {T}"):
        drawn = rng.integers(len(inputs), size=rows)
        _, grads = bptt(one_hot[inputs[drawn]], targets[drawn], h0, *weights.values())
        grads = clip_gradients({key: grads[key] for key in weights}, 1.0)
        for key in weights:
            step[key] = 0.9 * step[key] - learning_rate * grads[key]
            weights[key] += step[key]
    return weights


with experiment("three models on the same text"):
    from rnn_experiments import draw_perplexities

    alphabet = sorted(set(text[:31_500]))
    V, one_hot = len(alphabet), np.eye(len(alphabet))
    tokens = np.array([alphabet.index(character) for character in text[:31_500]])
    seen, new = tokens[:-1_500], tokens[-1_500:]
    held_out = {}

    with experiment("counts"):
        for k in progress(range(4), "contexts"):
            shares, losses = {}, []
            for t in range(k, len(new)):
                context = tuple(new[t - k : t])
                if context not in shares:
                    counted = ngram_distribution(seen, np.array(context, dtype=int), V)
                    shares[context] = 0.98 * counted + 0.02 / V
                losses.append(-np.log(shares[context][new[t]]))
            held_out[f"counts, context of {k}"] = perplexity(np.mean(losses))

    x, y = one_hot[new[None, :-1]], new[None, 1:]
    with experiment("feed-forward network"):
        weights = learn_text(seen, V, T=1, rows=64, iterations=3000)
        W_x, W_h, b_h, W_y, b_y = weights.values()
        logits = feed_forward_logits(x, W_x, b_h, W_y, b_y)
        held_out["feed-forward network"] = perplexity(cross_entropy(logits, y))

    with experiment("RNN"):
        weights = learn_text(seen, V, T=32, rows=8, iterations=2000)
        W_x, W_h, b_h, W_y, b_y = weights.values()
        logits = rnn_forward(x, np.zeros((1, len(W_h))), W_x, W_h, b_h) @ W_y + b_y
        held_out["RNN"] = perplexity(cross_entropy(logits, y))

    draw_perplexities(held_out)

# %% [markdown]
# ## Test yourself
#
# The concept questions that are not marked. `self_test("tanh")` asks one, and
# `self_test("tanh", "ac")` says whether a and c are right, and why.

# %%
with suppress(NameError):
    self_test()

# %% [markdown]
# ## Hand in
#
# Save first. Then this reads the saved file as it will be read where it is graded: in a fresh
# process, cell by cell. It says what would be marked and what to mend. In a terminal,
# `python -m rnn_check --hand-in` does the same.

# %%
with suppress(NameError):
    hand_in()
