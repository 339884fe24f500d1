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
# the call returns, as in `predict("softmax", [...])`, and you learn whether that is right. Or
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
# $$h_t = \tanh(h_{t-1} W_h + e_t W_x + b_h)$$
#
# $$y_{t+1} = \mathrm{softmax}(h_t W_y + b_y)$$
#
# Here $e_t$ (N,E) is the embedding of token $t$, $h_t$ (N,H) the hidden state after it, and
# $y_{t+1}$ (N,V) holds a probability for each token that may come next. Losses are means over all
# $N \cdot T$ predictions, in nats (natural logarithms).
# A gradient is written with a $d$: $dW_h$ is the gradient of the loss with respect to $W_h$, and
# has the same shape.

# %%
from collections.abc import Iterable, Sequence
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
# - With no context, count the letters: a 3, n 2, b 1. So $P(a) = 3/6$, $P(n) = 2/6$ and
#   $P(b) = 1/6$.
# - After "n" comes "a", twice out of two: $P(a \mid n) = 1$.
# - After "an" comes "a", at both places: $P(a \mid an) = 1$.
# - The context "na" occurs at two places too, but the second ends the text. Only one place
#   counts: $P(n \mid na) = 1$.
# - The context "ab" never occurs. The table knows nothing, so every letter is equally likely.
# - Places may overlap: in "aaaa" the context "aa" occurs at three places, and at two of them
#   something follows.
#
# One letter of context already turns a vague guess into a sure one. The price: with 25 letters
# there are 25 contexts of one letter, but $25^5 = 9{,}765{,}625$ contexts of five. Nearly all of
# them never occur in any text you have, and the table says nothing about them. In the field, such a
# table is called an *n-gram model*: its counts are those of $n = k + 1$ tokens in a row.

# %%
# Shows a small call. Say what it returns, as in predict("ngram_distribution", [...]), or go on.
predict("1a")


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
# for it: the number of contexts is $V^k$, so most contexts of length $k$ never occur in the text,
# and the counts of those that do are small and unreliable. It also learns nothing about one
# context from another that means nearly the same.
# ### END SOLUTION

# %% [markdown]
# ### 1b No memory (0.5)
#
# A neural network shares what it learns between similar inputs, which a table cannot. Here is
# one with two layers, applied to each position alone:
#
# $$\mathrm{logits}_t = \tanh(e_t W_x + b_h)\, W_y + b_y$$
#
# Its answer is a row of $V$ numbers, one for each token that may come next: the *logits*. The
# larger a logit, the likelier the token. Follow it on paper with $E = H = V = 1$, $W_x = 2$,
# $b_h = 0$, $W_y = 3$, $b_y = 1$ and the inputs 0, 0.5, 0:
#
# | $t$ | $e_t$ | $\tanh(2 e_t)$ | logit |
# |---|---|---|---|
# | 1 | 0 | 0 | 1 |
# | 2 | 0.5 | 0.762 | 3.285 |
# | 3 | 0 | 0 | 1 |
#
# Steps 1 and 3 have the same input, so they have the same output, whatever is around them.
# In "she set the table" and "a table of counts", the word "table" gets the same prediction.
#
# One way out is a *window*: put the last $k$ embeddings side by side and feed them in together. Now
# order counts, within the window. The embedding is shared: what it learns about a word holds at
# every place of the window. But each place has its own $E \times H$ weights behind the embedding,
# so what the word *does* must be learned at each place anew, and the number of weights grows with
# $k$. What is further back than $k$ tokens is out of sight. Task 02 takes another way: one set of
# weights, used at every step, and a *hidden state* of fixed size that is handed from each step to
# the next and sums up what was read so far.


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
# $$h_t = \tanh(h_{t-1} W_h + e_t W_x + b_h)$$
#
# The figure below shows one step, with the shape of what goes along each arrow. An example with
# $E = H = 2$: let $h_{t-1} = (0.5, -0.5)$, $e_t = (1, 0)$, $b_h = (0.1, 0.1)$, and
#
# $$W_h = \begin{pmatrix} 0.6 & 0.0 \\ 0.2 & 0.4 \end{pmatrix} \qquad
# W_x = \begin{pmatrix} 0.2 & -0.1 \\ 0.4 & 0.3 \end{pmatrix}$$
#
# - from the old state:
#   $0.5 \cdot 0.6 - 0.5 \cdot 0.2 = 0.2$ and
#   $0.5 \cdot 0.0 - 0.5 \cdot 0.4 = -0.2$
# - from the input: the first row of $W_x$, $(0.2, -0.1)$
# - with the bias, the sum is $(0.5, -0.2)$; tanh gives $h_t = (0.462, -0.197)$
#
# The tanh keeps every entry between -1 and 1, however long the sequence is. Its slope at an output
# $h$ is $1 - h^2$: it is 1 where $h = 0$, and close to 0 where $h$ is close to 1 or -1. A unit in
# that state is called *saturated*.
#
# `softmax` turns logits into probabilities:
#
# $$\mathrm{softmax}(z)_v = \frac{e^{z_v}}{\sum_u e^{z_u}}$$
#
# For the logits (2, 1, 0) the exponentials are 7.389, 2.718 and 1. Their sum is 11.107, and the
# probabilities are 0.665, 0.245 and 0.090. For (102, 101, 100) the probabilities are the same,
# since a number that is added to all logits cancels. That is also the way to handle logits whose
# exponentials no computer can hold.

# %%
with suppress(ImportError):
    from rnn_experiments import draw_cell

    draw_cell()


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
# The state $h_t$ is a vector of $H$ numbers that depends on $h_0$ and on all inputs up to step $t$,
# in their order: each step mixes the old state with the new input. It is a summary, not a record.
# Its size is fixed, so it cannot hold a long text word for word, and each step writes over part
# of it. What is kept is decided by $W_h$, $W_x$ and $b_h$. Training moves these weights towards
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
# With the sizes of the lecture ($V = 512$, $E = 128$, $H = 64$) and a batch of $N = 4$ windows of
# $T = 32$ tokens, the shapes are (4,32), then (4,32,128), then (4,32,64), then (4,32,512). The last
# state has the shape (1,4,64): PyTorch puts the number of layers first.
#
# To count parameters, write down the shape of each weight and each bias. A Linear layer from 4
# to 3 has $4 \cdot 3$ weights and 3 biases, 15 in all. An embedding is a table with a row for each
# token and has no bias. `nn.RNN` has a bias beside $W_x$ and another one beside $W_h$. One would
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
# The embedding turns each of 512 tokens into 128 numbers: $512 \cdot 128 = 65{,}536$ parameters.
# The RNN reads 128 numbers and its own 64, and gives 64:
# $128 \cdot 64 + 64 \cdot 64 + 2 \cdot 64 = 12{,}416$. The output layer turns 64 numbers into 512
# logits: $64 \cdot 512 + 512 = 33{,}280$. Together $111{,}232$. None of them depends on the length
# of the text, since every step uses the same weights. Longer texts take more computation, and
# training takes more memory for the states, but there are no more parameters.
# ### END SOLUTION

# %% [markdown]
# ### 2c Unrolling (0.5)
#
# $$h_1 = \mathrm{cell}(e_1, h_0), \quad h_2 = \mathrm{cell}(e_2, h_1), \quad \dots$$
#
# $$\dots, \quad h_T = \mathrm{cell}(e_T, h_{T-1})$$
#
# Follow an echo on paper, with $E = H = 1$, $W_x = 1$, $W_h = 0.5$, $b_h = 0$ and $h_0 = 0$. The
# inputs are 1, 0, 0:
#
# - $h_1 = \tanh(0.5 \cdot 0 + 1) = 0.762$
# - $h_2 = \tanh(0.5 \cdot 0.762) = \tanh(0.381) = 0.363$
# - $h_3 = \tanh(0.5 \cdot 0.363) = \tanh(0.182) = 0.180$
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
# term is new, and what becomes possible through it? What would $W_h = 0$ mean?
#
# ### BEGIN SOLUTION
# Feed-forward: $\tanh(e_t W_x + b_h)$. RNN: $\tanh(h_{t-1} W_h + e_t W_x + b_h)$. The new term is
# $h_{t-1} W_h$. Since $h_{t-1}$ was itself made from $h_{t-2}$ and $e_{t-1}$, and so on, the output
# at step $t$ can depend on all earlier inputs and on their order, with no limit set in advance and
# with $H \cdot H$ more weights only. With $W_h = 0$ the term is gone: each position is alone again,
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
# (`_` is the space.) There are $L = 8$ letters and $M = \lfloor (8 - 1) / 3 \rfloor = 2$ windows.
# The last `r` does not fill a window with its target, and is dropped.
#
# The *cross-entropy* of one prediction is minus the logarithm of the probability that the model
# gave to the right token; the loss is the mean over all predictions:
#
# $$\mathrm{loss} = -\frac{1}{NT} \sum_{n,t} \log p_{n,t}$$
#
# $$p_{n,t} = \mathrm{softmax}(\mathrm{logits}_{n,t})_{\mathrm{target}(n,t)}$$
#
# $$\mathrm{perplexity} = e^{\,\mathrm{loss}}$$
#
# Say the model gave $1/2$ to the first target and $1/4$ to the second. The losses are 0.693 and
# 1.386 nats, and their mean is 1.040. The *perplexity* is $e^{1.040} = 2.83$: on the whole, the
# model was as unsure as if it had to choose among 2.83 equally likely tokens, a number between the
# 2 of the first prediction and the 4 of the second. In the figure, the blue slice is the right
# token.
#
# How low can it go? Even who knows the true probabilities cannot know which token is drawn: after
# "the" many words may follow. The mean of their surprise is the *entropy* of the text. A perfect
# model has a loss equal to the entropy and a perplexity of $e^{\mathrm{entropy}}$. That is 1 only
# for a text in which every token is certain from what came before.
#
# A probability of $e^{-20000}$ is zero to a computer, and its logarithm is minus infinity. The
# loss itself is no more than 20000. Write the logarithm of the softmax out before you compute it.

# %%
with suppress(ImportError):
    from rnn_experiments import draw_perplexity

    draw_perplexity([1 / 2, 1 / 4])


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
# | 0 | 3.22 | `wbnlhikdwgiosmkime` `fh` `ypektwmpzrlbuxkgckzpk` |
# | 3 | 2.24 | `tirn` `kiumak` `lattuotnomiin` |
# | 25 | 1.55 | `corpium` `sciomium` `merium` |
# | 150 | 0.64 | `terbium` `argon` `meitnerium` |
#
# Read the samples row by row. What has the network learned by then, and what not yet? Where does
# the 3.22 come from? Is the last row the best model?
#
# ### BEGIN SOLUTION
# At first all 25 characters are about equally likely, and $\log 25 = 3.22$. By epoch 3 the network
# knows which letters are frequent, about how long names are, and that vowels and consonants mix.
# By epoch 25 it knows endings such as "ium" and how names begin; the names sound right, but most
# are invented: it has learned how names are made. By epoch 150 it writes real names: with 118
# names and several thousand weights it has learned much of the list by heart. For reciting elements
# that is the best model. For inventing new names the row before is better, and only names that
# were held back from training could tell where learning by heart began.
# ### END SOLUTION

# %% [markdown]
# ### 3b One step back (0.5)
#
# Training needs gradients. Start with a single step. The loss has a gradient $dh_t$ with respect to
# $h_t$; what are the gradients with respect to everything that $h_t$ was made from? (The input
# $e_t$ is called `x_t` in the code.) Write $z_t = h_{t-1} W_h + x_t W_x + b_h$ for the sum inside
# the tanh, and look at one entry of it: row $n$ of the batch, unit $j$.
#
# $$z_{nj} = \sum_i h^{\mathrm{prev}}_{ni}\, (W_h)_{ij} + \sum_k x_{nk}\, (W_x)_{kj} + (b_h)_j$$
#
# $$h_{nj} = \tanh(z_{nj})$$
#
# **In steps.** Each step asks two things: which entries of $z$ does this number appear in, and what
# is it multiplied by there? By the chain rule the gradient is the sum, over these entries, of $dz$
# times the factor. Fill in the blanks on paper; each is one line of your code.
#
# 1. *Through the tanh.* $h_{nj}$ depends on $z_{nj}$ alone, with the slope $1 - h_{nj}^2$:
#    $$dz_{nj} = dh_{nj}\, (1 - h_{nj}^2)$$
# 2. *The input.* $x_{nk}$ is in $z_{nj}$ for every unit $j$ of its own row, times $(W_x)_{kj}$:
#    $$dx_{nk} = \sum_j dz_{nj}\, (W_x)_{kj}$$
#    As arrays, of the shapes $(N,H)\,(H,E) \to (N,E)$:
#    $$dx_t = dz_t \cdot \boxed{\quad?\quad}$$
# 3. *The old state.* $h^{\mathrm{prev}}_{ni}$ is in $z_{nj}$ for every $j$, times
#    $\boxed{\;?\;}$. The shapes are $(N,H)\,(H,H) \to (N,H)$:
#    $$dh^{\mathrm{prev}}_{ni} = \sum_j dz_{nj}\; \boxed{\quad?\quad}$$
# 4. *The weights of the input.* $(W_x)_{kj}$ is in $z_{nj}$ for every row $n$, times $x_{nk}$. The
#    weights are shared by all rows, so their gradients add up over the batch:
#    $(E,N)\,(N,H) \to (E,H)$.
#    $$d(W_x)_{kj} = \sum_n x_{nk}\; \boxed{\quad?\quad}$$
# 5. *The weights of the state.* As in step 4, with the old state in the place of the input:
#    $(H,N)\,(N,H) \to (H,H)$.
#    $$d(W_h)_{ij} = \sum_n \boxed{\quad?\quad}$$
# 6. *The bias.* $(b_h)_j$ is in $z_{nj}$ for every row $n$, times 1: $(N,H) \to (H,)$.
#    $$d(b_h)_j = \boxed{\quad?\quad}$$
#
# On paper, with all sizes 1: $x_t = 1$, $h_{t-1} = -0.5$, $h_t = 0.8$, $W_x = 0.5$, $W_h = 2$, and
# $dh_t = 1$.
#
# | gradient | | value |
# |---|---|---|
# | $dz_t$ | $1 \cdot (1 - 0.64)$ | 0.36 |
# | $dx_t$ | $0.36 \cdot 0.5$ | 0.18 |
# | $dh_{t-1}$ | $0.36 \cdot 2$ | 0.72 |
# | $dW_x$ | $1 \cdot 0.36$ | 0.36 |
# | $dW_h$ | $-0.5 \cdot 0.36$ | -0.18 |
# | $db_h$ | 0.36 | 0.36 |
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
# **A gradient can check itself.** Move one entry of $W_h$ a little, and see by how much the loss
# changes: that is the gradient, found without any calculus. It is far too slow to train with, and
# just right to find mistakes. `gradient_check` does it for every entry; below, the loss is any
# function whose gradient with respect to $h_t$ is $dh_t$. Change it to check the other gradients,
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
# On average (the geometric mean over all predictions) the model gave the right token a probability
# of $1/20$. It is as unsure as someone who chooses among 20 equally likely tokens at each step. It
# does not mean that 20 tokens are left: some places are nearly certain, others wide open. A uniform
# guess gives $1/512$ to each token and has perplexity 512. A perfect model gives each token its
# true probability. Its loss is the entropy of the text, and its perplexity $e^{\mathrm{entropy}}$:
# above 1, unless the text leaves no choice anywhere. The losses are $\log 20 = 3.00$,
# $\log 512 = 6.24$ and the entropy, which is 0 only for a text that is certain.
# ### END SOLUTION

# %% [markdown]
# ### 3c Through time (0.5)
#
# Now unroll the network over $T$ steps and go back from the last to the first. This is
# *backpropagation through time*, BPTT. A state $h_t$ acts on the loss by two routes: through its
# own prediction, and through the next state. Its gradient is the sum of both.

# %%
with suppress(ImportError):
    from rnn_experiments import draw_gradient_routes

    draw_gradient_routes()

# %% [markdown]
# **In steps.** Go through the unrolled network in the order of the arrows, and fill in the blanks.
#
# 1. *From the loss to a logit.* The loss of one prediction is
#    $$\ell = -\mathrm{logit}_{\mathrm{target}} + \log \sum_u e^{\mathrm{logit}_u}$$
#    The derivative of the first term is $-1$ for the target and 0 for all others; that of the
#    second is $e^{\mathrm{logit}_v} / \sum_u e^{\mathrm{logit}_u}$, the softmax. The loss is a mean
#    over $NT$ predictions, so with $p_t = \mathrm{softmax}(\mathrm{logits}_t)$
#    $$d\mathrm{logits}_t = \frac{p_t - \mathrm{onehot}(\mathrm{target}_t)}{NT}$$
# 2. *The output layer.* $\mathrm{logits}_t = h_t W_y + b_y$ is a matrix product, as in 3b. The same
#    $W_y$ is used at every step, so there is a sum over $t$ too, to (H,V) and (V,):
#    $$dW_y = \sum_t \boxed{\quad?\quad}$$
#    $$db_y = \sum_t \sum_n \boxed{\quad?\quad}$$
# 3. *Route 1, the own prediction:* $d\mathrm{logits}_t\, W_y^\top$, of the shape $(N,H)$.
# 4. *Route 2, the next state.* Your `rnn_cell_backward` of step $t + 1$ returns it. At the last
#    step there is none.
#    $$dh_t = d\mathrm{logits}_t\, W_y^\top + \boxed{\quad?\quad}$$
#    $$dh_T = \boxed{\quad?\quad}$$
# 5. *The shared weights.* Each step gives its own part, and they add up. The same holds for $dW_x$
#    and $db_h$.
#    $$dW_h = \sum_{t=1}^{T} \boxed{\quad?\quad}$$
# 6. *The two ends.* $dx_t$ is what step $t$ returns for its input. $dh_0$ is what
#    $\boxed{\;?\;}$ returns for the state before it.
#
# On paper, with one unit, $T = 2$, $W_h = 0.5$ and $h_2 = 0.6$. Say the own predictions give 0.1
# for $h_1$ and 0.5 for $h_2$:
#
# - $h_2$ is the last state, so $dh_2 = 0.5$
# - one step back: $0.5 \cdot (1 - 0.36) \cdot 0.5 = 0.16$
# - both routes together: $dh_1 = 0.1 + 0.16 = 0.26$
#
# **A chain of factors.** Each step back multiplies by the same kind of matrix, the *Jacobian*
# $J_t = \partial h_t / \partial h_{t-1}$, made of $W_h$ and the slopes of tanh. From step $T$ to
# step $t$ there are $T - t$ of them in a row:
#
# $$\frac{\partial h_T}{\partial h_t} = J_T\, J_{T-1} \cdots J_{t+1}$$

# %%
with suppress(ImportError):
    from rnn_experiments import draw_jacobians

    draw_jacobians()

# %% [markdown]
# In the example above each factor is $0.64 \cdot 0.5 = 0.32$. After ten such steps
# $0.32^{10} = 0.00001$ is left: the gradient has *vanished*, and the network hardly learns what
# a distant input was good for. The steps close by still teach it. With a factor of 1.5 the
# gradient would grow to $1.5^{10} = 58$ times its size: it *explodes*, and one update can ruin the
# weights. Both are exponentials in the number of steps. On a logarithmic scale they are straight
# lines.
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
# it is there. The slope $1 - h_t^2$; the product with $W_h$ transposed; the two gradients that meet
# at $h_t$; the sum over the steps; the clipping.
#
# ### BEGIN SOLUTION
# Every position of a text is an exercise with its solution: the token that follows. To lower the
# loss, the model must use whatever in the context makes the next token likelier, and that takes
# knowledge about the text. After "the keys to the cabinet", the verb "are" takes grammar: the
# model must remember the plural "keys". After "the capital of France is", the right word takes a
# fact. In the names of elements, "ium" at the end takes a feeling for spelling. The gradient
# passes through the hidden state, so the state learns to carry what later predictions need.
#
# The slope: $h_t$ comes out of a tanh, so what arrives at $h_t$ is multiplied by how steep the tanh
# is there, entry by entry; where it is flat, little goes on. The transposed $W_h$: each entry of
# $h_{t-1}$ went into all entries of the sum with its own row of weights, and gets back from each by
# the same weight. Two gradients meet at $h_t$ because it is used twice, for the logits of its step
# and for the next state; they are added. The weights are used at every step, so their gradient is
# the sum of what every step gives. Clipping looks at the norm of all gradients together: one
# product of many Jacobians can be huge, and a shorter step in the same direction does no harm.
# ### END SOLUTION

# %% [markdown]
# **Your training loop.** Everything is there to train a network. Write the loop: it is about ten
# lines around `bptt` and `clip_gradients`. It is not marked, but the cell below checks it, and all
# experiments learn with it.
#
# Gradient descent makes one *update* for each batch: it moves every weight a little against its
# gradient, with the learning rate $\eta$.
#
# $$W \leftarrow W - \eta\; dW_{\mathrm{clipped}}$$
#
# One pass over all batches of a text is an *epoch*.


# %% part="3c" role="stub"
def train(
    weights: dict[str, np.ndarray],
    batches: Iterable[tuple[np.ndarray, np.ndarray]],
    learning_rate: float,
    max_norm: float,
) -> tuple[dict[str, np.ndarray], list[float]]:
    """Trains a network by gradient descent: one update for each batch.

    For each batch: begin with a state of zeros, find loss and gradients with ``bptt``, clip the
    gradients of the weights (not those of x and h0) to a joint norm of max_norm, and take a step
    against them.

    Args:
        weights: "W_x", "W_h", "b_h", "W_y" and "b_y", in the order that ``bptt`` takes.
        batches: pairs of inputs x (N,T,E) and targets (N,T); each may have another N and T.
        learning_rate: how far a step goes.
        max_norm: the largest joint norm of the gradients.

    Returns:
        weights: the new weights, a dict with the same keys in the same order; the one that was
            passed in stays as it is.
        losses: the loss of each batch, before its step.
    """
    ### BEGIN SOLUTION
    losses = []
    for x, targets in batches:
        h0 = np.zeros((len(x), len(weights["W_h"])))
        loss, grads = bptt(x, targets, h0, *weights.values())
        clipped = clip_gradients({name: grads[name] for name in weights}, max_norm)
        weights = {name: weight - learning_rate * clipped[name] for name, weight in weights.items()}
        losses.append(loss)
    return weights, losses
    ### END SOLUTION
    raise NotImplementedError("train, the training loop, is still to be written")


# %% [markdown]
# The cell below checks the loop and then trains a character network on the names of the 118
# elements. A newline begins and ends each name, so the alphabet has 25 characters: 24 letters and
# the newline. The inputs are one-hot vectors: `W_e` is the identity matrix. Names of the same
# length make a batch, up to 8 at a time.
#
# *Predict:* what is the loss of the first batch, before the network has learned anything?

# %%
with experiment("training loop"):
    from rnn_experiments import Names, check_training, draw_losses, small_weights

    check_training(train, bptt)
    elements, rng = Names("elements.txt"), np.random.default_rng(0)
    weights = small_weights(elements.vocab_size, 50, elements.vocab_size, rng)
    weights, losses = train(weights, elements.batches(20, rng, "20 passes"), 0.5, 5.0)
    V = elements.vocab_size
    print(f"the first batch has a loss of {losses[0]:.2f}; log V = log {V} = {np.log(V):.2f}")
    print(f"the last 21 batches, one pass, have a mean loss of {np.mean(losses[-21:]):.2f}")
    draw_losses({"elements": losses}, {f"log {V}": np.log(V)})

# %% [markdown]
# *What was seen:* the loss begins at $\log V = \log 25 = 3.22$, that of a guess among 25 equally
# likely characters. A network with small random weights gives all logits near 0, so that is where
# every language model begins. A first loss far from $\log V$ is a sign of a mistake. After 20
# passes the loss was 1.64.

# %% [markdown]
# ## Task 04 Generation and the Big Picture (1 point)
#
# ### 4a The sampler (0.5)
#
# A trained model gives probabilities. To write a text, tokens must be drawn from them. Two knobs
# change the draw: a *temperature* $\tau$, by which all logits are divided, and *top-k*, which keeps
# the $k$ largest logits only.
#
# $$P(v) = \mathrm{softmax}(\mathrm{logits} / \tau)_v$$
#
# Take the logits (2, 1, 0) for the tokens 0, 1, 2:
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

# %%
with suppress(ImportError):
    from rnn_experiments import draw_sampling

    draw_sampling([2, 1, 0])


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
# | 1 | `h` | $h_1$, from zero | ignored, the prompt goes on |
# | 2 | `e` | $h_2$ | draw, say `l` |
# | 3 | `l` | $h_3$ | draw, say `o` |
#
# and the result is `l`, `o`. In training, the right token of the text was the next input at each
# step, whatever the model had predicted. This is called *teacher forcing*. Now there is no right
# token: the model reads what it wrote itself. The weights no longer change; only the state does.
#
# **The big picture.** The hidden state of a plain RNN is rewritten at every step, and the gradient
# has to pass a matrix and a tanh each time. The *LSTM* (long short-term memory) adds a second
# state, the cell state $c_t$, and shows part of it as its hidden state $h_t$:
#
# $$c_t = f_t \odot c_{t-1} + i_t \odot g_t$$
#
# $$h_t = o_t \odot \tanh(c_t)$$
#
# ($\odot$ multiplies entry by entry.) The gates $f_t$, $i_t$ and $o_t$ are numbers between 0 and 1,
# computed from the input and from $h_{t-1}$. The forget gate $f_t$ says how much of the old content
# to keep, the input gate $i_t$ how much of the new, $g_t$, to write, and the output gate $o_t$ how
# much of the cell state to show to the output layer and to the next step. Where $f_t$ is close to
# 1, the content stays and the gradient flows back almost unchanged. Memory over long distances
# becomes easier to learn. The rest of this assignment stays the same: the loss, the clipping, the
# sampler.


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
# A linear layer $x W + b$ mixes its inputs; several in a row are still one linear layer. A
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
# Nine experiments with your own functions. Nothing here is marked. A function that is still to be
# written is named, and the rest goes on without it. Each takes some seconds, and Shakespeare's
# plays half a minute; after that, change a number and look again. What loads texts and draws
# figures is in `rnn_experiments.py`.
#
# Before each experiment there is a question. **Write your prediction down before you run the
# cell**, with a number where one is asked for; below it is what was seen when this was written.
# Your numbers may differ in the last digit.
#
# ### Experiment 1: names of elements
#
# The network from your training loop writes names, at the start and after 1, 10, 40 and 60 passes
# over the list.
#
# *Predict:* which comes first: frequent letters, endings such as "ium", or the right length? After
# how many passes can you pronounce the names?


# %%
def write_names(names, weights, count, rng, temperature=1.0):
    """Draws names, each from a state of zeros and up to its newline."""
    network = np.eye(names.vocab_size), *weights.values()
    return [
        names.spell(generate([names.newline], 30, *network, rng, temperature=temperature))
        for _ in range(count)
    ]


def learn_names(names, hidden, rate, max_norm, size):
    """Trains in stages and writes names after each. Returns the weights and the losses by batch."""
    rng = np.random.default_rng(0)
    weights = small_weights(names.vocab_size, hidden, names.vocab_size, rng)
    print(f"before: {', '.join(write_names(names, weights, 4, rng, 0.7))}")
    losses, passes = [], 0
    for more, learning_rate in ((1, rate), (9, rate), (30, rate), (20, rate / 5)):
        batches = names.batches(more, rng, f"{more} passes", size)
        weights, new = train(weights, batches, learning_rate, max_norm)
        losses, passes = [*losses, *new], passes + more
        last = np.mean(new[-len(new) // more :])
        drawn = write_names(names, weights, 6, rng, 0.7)
        print(f"after {passes} passes, loss {last:.2f}: {', '.join(drawn)}")
    return weights, losses


with experiment("names of elements"):
    from rnn_experiments import Names, draw_losses, small_weights

    elements = Names("elements.txt")
    element_rnn, element_losses = learn_names(elements, 50, rate=0.5, max_norm=5.0, size=8)

# %% [markdown]
# *What was seen:* the untrained network draws all characters about equally often, and seldom the
# newline. The frequent letters come first, then the length and the ending "ium". After 40 passes
# the loss was 1.26, and most names could be pronounced ("hellurium", "copolmium"), but few were
# real. After 60 passes, the last 20 with smaller steps, it was 0.91, and every second name was
# real.
#
# ### Experiment 2: titles of films
#
# The same on 843 titles, with an alphabet of 43 characters, 100 hidden units and as many passes
# over the list.
#
# *Predict:* after the same number of passes, is the loss of the titles above or below that of the
# elements? Which word comes out first?

# %%
with experiment("titles of films"):
    films = Names("films.txt")
    film_rnn, film_losses = learn_names(films, 100, rate=1.0, max_norm=1.0, size=16)
    starts = {"log 25": np.log(25), "log 43": np.log(43)}
    draw_losses({"elements": element_losses, "films": film_losses}, starts)

# %% [markdown]
# *What was seen:* after 60 passes the loss of the titles was 1.49, that of the elements 0.91. Both
# networks have seen each of their names equally often, so it is not a matter of passes: titles have
# less in common than elements, of which every second one ends in "ium". Their first word is "the".
# In both curves the loss falls once more where the steps become smaller: large steps jump over the
# last bit.
#
# ### Experiment 3: how far back the gradient reaches
#
# Three networks of 50 units begin with a $W_h$ all of whose singular values are the same: 0.5, 1
# and
# 2. So one number says by how much $W_h$ stretches any vector. Each learns the element names for 50
#    passes. Before and after, the gradient of the loss at step 30 is sent back through your
#    `rnn_cell_backward`, and its norm is taken at each step, relative to the norm at step 30. The
#    lines are means (geometric, over 40 pieces of the list). At last the third network is trained
#    again at a learning rate that is four times as high, with and without `clip_gradients`.
#
# *Predict:* which lines fall before training, which rise? What does training do to the one that
# falls: does it fall faster or more slowly afterwards? And can clipping bring a line that falls
# back up?


# %%
def norms_going_back(x, targets, W_x, W_h, b_h, W_y, b_y):
    """The norm of the last loss's gradient at steps T, T - 1, ..., 1, relative to that at T."""
    h0 = np.zeros((len(x), len(W_h)))
    states = rnn_forward(x, h0, W_x, W_h, b_h)
    right = np.eye(len(b_y))[targets[:, -1]]
    dh = (softmax(states[:, -1] @ W_y + b_y) - right) @ W_y.T
    norms = [np.linalg.norm(dh, axis=1)]
    for t in reversed(range(1, x.shape[1])):
        dh = rnn_cell_backward(dh, x[:, t], states[:, t - 1], states[:, t], W_x, W_h)[1]
        norms.append(np.linalg.norm(dh, axis=1))
    return np.exp(np.mean(np.log(norms) - np.log(norms[0]), axis=1)), np.mean(1 - states**2)


def three_starts(names, hidden):
    """Three networks that differ in the size of W_h alone."""
    for size in (0.5, 1.0, 2.0):
        rng = np.random.default_rng(0)
        weights = small_weights(names.vocab_size, hidden, names.vocab_size, rng)
        yield size, {**weights, "W_h": size * rotation(hidden, rng)}


with experiment("how far back the gradient reaches"):
    from rnn_experiments import draw_lags, rotation

    rng, one_hot = np.random.default_rng(1), np.eye(elements.vocab_size)
    listed = elements.ids("\n" + "\n".join(rng.permutation(elements.names)))
    inputs, targets = next_token_pairs(listed, 30)
    inputs, targets = one_hot[inputs[:40]], targets[:40]
    norms = {"before training": {}, "after 50 passes": {}}
    for size, weights in three_starts(elements, 50):
        norms["before training"][f"{size}"], slope = norms_going_back(
            inputs, targets, *weights.values()
        )
        batches = elements.batches(50, np.random.default_rng(0), f"W_h of size {size}")
        weights, losses = train(weights, batches, 0.5, 1.0)
        norms["after 50 passes"][f"{size}"], slope_after = norms_going_back(
            inputs, targets, *weights.values()
        )
        left = [lines[f"{size}"][20] for lines in norms.values()]
        stretch = np.linalg.svd(weights["W_h"], compute_uv=False)[0]
        print(f"size {size}: 20 steps back {left[0]:.0e} before, {left[1]:.0e} after training")
        print(f"    mean slope of tanh {slope:.2f}, then {slope_after:.2f}")
        print(f"    largest singular value then {stretch:.1f}, loss {np.mean(losses[-21:]):.2f}")
    draw_lags(norms)
    for max_norm in (1.0, np.inf):
        *_, (_, weights) = three_starts(elements, 50)
        batches = elements.batches(50, np.random.default_rng(0), f"clipped to {max_norm}")
        weights, losses = train(weights, batches, 2.0, max_norm)
        line, slope = norms_going_back(inputs, targets, *weights.values())
        print(f"learning rate 2, clipped to {max_norm}: loss {np.mean(losses[-21:]):.2f}", end="")
        print(f", 20 steps back {line[20]:.0e}, mean slope of tanh {slope:.2f}")

# %% [markdown]
# *What was seen:* before training, the lines of 0.5 and 1 are nearly straight: exponentials. At 0.5
# the gradient vanishes: 20 steps back $7 \cdot 10^{-7}$ of it was left. At 1 the slopes of tanh
# alone shorten it, to 0.3. At 2 it explodes, to 20 times its length. That is far from
# $2^{20} = 1{,}048{,}576$ times, because the larger states are saturated more often: the mean slope
# of tanh was 0.53, at 0.5 it was 0.99.
#
# Training does not make the gradient fade. It brings the three lines together: 20 steps back 0.3,
# 0.8 and 5. The largest singular value of $W_h$ is then about 3 in all three networks, and the mean
# slope of tanh about one half: each step stretches and squashes at once. The line that began at 0.5
# has *grown*, since names reward a memory of some steps, and the steps close by teach the first of
# it.
#
# At the learning rate of 2, the network with clipping ended at a loss of 2.85, a little better than
# a guess (3.22). Without clipping it ended at 14.36: single large steps have saturated nearly all
# units (the mean slope is 0.01), and now the gradient has vanished too: less than $10^{-20}$ of it
# is left. So clipping limits how far one update can throw the weights. It cannot bring back a line
# that falls: it multiplies the near and the far by the same factor.
#
# ### Experiment 4: temperature against diversity
#
# The network of experiment 1 draws 100 names at each of eight temperatures.
#
# *Predict:* at temperature 0.2, how many of 100 names differ from each other, and how many are
# real? And at 2?

# %%
with experiment("temperature against diversity"):
    from rnn_experiments import draw_temperatures, progress

    rng = np.random.default_rng(0)
    temperatures = [0.2, 0.4, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0]
    distinct, known = [], []
    counter = progress(temperatures, "temperatures")
    for temperature in counter:
        names = write_names(elements, element_rnn, 100, rng, temperature)
        distinct.append(len(set(names)) / len(names))
        known.append(np.mean([name in elements.names for name in names]))
        counter.write(f"temperature {temperature}: {', '.join(names[:6])}")
        counter.write(f"    {distinct[-1]:.2f} different, {known[-1]:.2f} in the list")
    draw_temperatures(temperatures, distinct, known)

# %% [markdown]
# *What was seen:* at temperature 0.2, 0.09 of the names were different from each other and 0.98
# were real: "tin", again and again. At 1 it was 0.87 and 0.26, at 2 everything was different and
# 0.02 was real. The lines cross between 0.6 and 0.8. To recite, take a temperature below; to
# invent, one a little above.
#
# ### Experiment 5: a reset of the state
#
# The network of experiment 1 reads real names. On the left the state is carried through each name,
# on the right it is set to zero before each character, so that only the last one counts. The color
# of a character is the probability that the network gave it: green is sure and right, red is
# surprised. Then it writes: without any reset, with a reset at each name, with one at each
# character.
#
# *Predict:* which of the first three characters of a name look the same on both sides? Does the
# network that forgets do better or worse than a guess among 25 equally likely characters?


# %%
def probabilities(name, network, reset):
    """The probability that each character of a name, and the newline after it, was given."""
    W_e, W_x, W_h, b_h, W_y, b_y = network
    x, targets = W_e[elements.ids(f"\n{name}")], elements.ids(f"{name}\n")
    windows = x[:, None] if reset else x[None]  # T windows of one step, or one of T steps
    states = rnn_forward(windows, np.zeros((len(windows), len(W_h))), W_x, W_h, b_h)
    shares = softmax(states @ W_y + b_y).reshape(len(targets), -1)
    return shares[np.arange(len(targets)), targets]


with experiment("a reset of the state"):
    from rnn_experiments import draw_reset, progress

    network = np.eye(elements.vocab_size), *element_rnn.values()
    colored = {}
    for title, reset in (("state carried", False), ("state reset at each character", True)):
        read = {
            name: probabilities(name, network, reset) for name in progress(elements.names, title)
        }
        loss = -np.mean(np.log(np.concatenate(list(read.values()))))
        print(f"{title}: perplexity of the names {perplexity(loss):.1f}")
        shown = ("hydrogen", "helium", "calcium", "gold", "platinum", "astatine", "oganesson")
        colored[title] = [(f"{name}⏎", read[name]) for name in shown]
    draw_reset(colored)

    rng = np.random.default_rng(0)
    drawn = generate([elements.newline], 60, *network, rng, temperature=0.7)
    print("never reset:       ", "".join(elements.alphabet[token] for token in drawn).split("\n"))
    print("at each name:      ", write_names(elements, element_rnn, 6, rng, temperature=0.7))
    token, drawn = elements.newline, []
    for _ in range(60):
        [token] = generate([token], 1, *network, rng, temperature=0.7)
        drawn.append(token)
    print("at each character: ", "".join(elements.alphabet[token] for token in drawn).split("\n"))

# %% [markdown]
# *What was seen:* with the state carried, the perplexity of the names was 2.5. With a reset at each
# character it was 13.2: better than a guess (25), for pairs of neighbouring letters still count,
# and five times as unsure as with memory. The first character looks the same on both sides, since
# only the newline comes before it. After that the left side soon knows how the name goes on, and
# where it ends. On the right every ⏎ is red: whoever sees only an "m" cannot know that the name is
# over.
#
# What it writes fits: with a reset at each character the neighbours match, and no name comes to an
# end. Without any reset, the first name is as good as with a reset at each name, and the later ones
# are worse: after a newline the network goes on from states that it never met there in training.
#
# ### Experiment 6: a unit that counts
#
# A text of brackets: some open, then as many close, then the next group. To know when a group ends,
# a network must count. A network of 8 units learns it from groups of up to 8. Then the state is
# read while it sees a new text whose last group has 12, and the unit that follows the number of
# open brackets best is looked for, before training and after.
#
# *Predict:* does one of 8 units count, or is the count spread over all of them? What can a unit
# that must stay between -1 and 1 do in the group of 12?


# %%
def best_unit(states, depths):
    """The unit that goes with the depths most closely, up or down, and their correlation."""
    alike = [np.corrcoef(depths, unit)[0, 1] for unit in states.T]
    best = int(np.argmax(np.abs(alike)))
    return best, alike[best]


with experiment("a unit that counts"):
    from rnn_experiments import bracket_batches, brackets, draw_units, small_weights

    rng = np.random.default_rng(0)
    weights = small_weights(2, 8, 2, rng)
    text = brackets([3, 6, 1, 8, 5, 2, 4, 12])
    depths = np.cumsum(1 - 2 * text)
    known = slice(len(text) - 24)  # all but the last group

    def read_brackets(W_x, W_h, b_h, W_y, b_y):
        states = rnn_forward(np.eye(2)[text[None]], np.zeros((1, 8)), W_x, W_h, b_h)[0]
        return states, states @ W_y + b_y

    states, _ = read_brackets(*weights.values())
    unit, alike = best_unit(states[known], depths[known])
    print(f"before training: unit {unit}, correlation {alike:.2f}")
    for updates, learning_rate in ((1000, 0.3), (400, 0.1)):
        batches = bracket_batches(updates, 8, rng, f"learning rate {learning_rate}")
        weights, losses = train(weights, batches, learning_rate, 1.0)
    states, logits = read_brackets(*weights.values())
    unit, alike = best_unit(states[known], depths[known])
    print(f"after training: unit {unit}, correlation {alike:.2f}")
    opens = logits.argmax(axis=1) == 0
    print(f"it expects the next to open at {opens[depths == 0].sum()} of 8 ends of a group")
    early = opens & (text == 1) & (depths > 0)
    print(f"too early: {early[known].sum()} times in the groups of up to 8", end="")
    print(f", {early.sum() - early[known].sum()} times in the group of 12")
    draw_units("".join("()"[token] for token in text), states, depths, unit)

# %% [markdown]
# *What was seen:* one unit follows the number of open brackets with a correlation of 0.88; before
# training the best had 0.43. Look at the heat map: the others switch at certain depths, so the
# count is spread over all of them too. The network knew the end of 8 of 8 groups, and in the groups
# of up to 8 it never expected the end too early. In the group of 12 it did so 7 times: it counts as
# far as it had to in training, and between -1 and 1 there is little room to go on. A memory without
# this bound comes in the next homework. Seven networks were trained for this experiment, and this
# is the one whose unit follows the count most closely; in the others too, one unit went with it.
#
# ### Experiment 7: counts, a window and an RNN with the same budget
#
# Who guesses the next character best? Three kinds of models learn from the first nine tenths of a
# text and are tried on the rest: tables of counts (mixed with a little of the uniform distribution,
# so that nothing is impossible), your `feed_forward_logits` on a window of four characters, and the
# RNN. Both networks have the same number of weights, to within 2 %, and learn from the same number
# of predictions: 1600 updates of 256 each, with your training loop. The learning rates are the best
# of several that were tried. One *bit* is $\log 2 = 0.693$ nats: the answer to one question of yes
# or no. *Your own text* goes in here: put a file into the folder `data` and name it in the last
# line.
#
# *Predict:* the order of the six on the training text, and on the new text.


# %%
def bits_of_counts(seen, text, k, V):
    shares, losses = {}, []
    for t in range(k, len(text)):
        context = tuple(text[t - k : t])
        if context not in shares:
            counted = ngram_distribution(seen, np.array(context, dtype=int), V)
            shares[context] = 0.98 * counted + 0.02 / V
        losses.append(-np.log2(shares[context][text[t]]))
    return np.mean(losses)


def learn_in_two_stages(weights, inputs, targets, V, rows, title):
    for updates, learning_rate in ((1200, 2.0), (400, 0.4)):
        batches = random_batches(inputs, targets, (V, rows, updates), title)
        weights, _ = train(weights, batches, learning_rate, 0.5)
    return weights


def compare_models(file):
    text = read_text(file)[:21_000]
    alphabet = sorted(set(text))
    V, one_hot = len(alphabet), np.eye(len(alphabet))
    tokens = np.array([alphabet.index(character) for character in text])
    seen, new = np.split(tokens, [len(tokens) * 9 // 10])
    bits = {}

    with experiment("counts"):
        for k in progress(range(4), "contexts"):
            found = len({tuple(seen[t : t + k + 1]) for t in range(len(seen) - k)})
            pair = bits_of_counts(seen, seen[:3000], k, V), bits_of_counts(seen, new, k, V)
            bits[f"counts, context of {k}: {found:,} numbers"] = pair

    with experiment("window of four characters"):
        rng, k = np.random.default_rng(0), 4
        weights = small_weights(k * V, 40, V, rng)
        windows = np.lib.stride_tricks.sliding_window_view(seen[:-1], k)
        weights = learn_in_two_stages(weights, windows, seen[k:, None], V, 256, "window")
        W_x, W_h, b_h, W_y, b_y = weights.values()
        pair = []
        for part in (seen, new):
            x = one_hot[np.lib.stride_tricks.sliding_window_view(part[:-1], k)]
            x = x.reshape(1, len(x), k * V)
            logits = feed_forward_logits(x, W_x, b_h, W_y, b_y)
            pair.append(cross_entropy(logits, part[None, k:]) / np.log(2))
        count = sum(weight.size for name, weight in weights.items() if name != "W_h")
        bits[f"window of four: {count:,} weights"] = tuple(pair)

    with experiment("RNN"):
        rng = np.random.default_rng(0)
        weights = small_weights(V, 64, V, rng)
        weights = learn_in_two_stages(weights, *next_token_pairs(seen, 32), V, 8, "RNN")
        W_x, W_h, b_h, W_y, b_y = weights.values()
        pair = []
        for part in (seen, new):
            states = rnn_forward(one_hot[part[None, :-1]], np.zeros((1, 64)), W_x, W_h, b_h)
            pair.append(cross_entropy(states @ W_y + b_y, part[None, 1:]) / np.log(2))
        count = sum(weight.size for weight in weights.values())
        bits[f"RNN: {count:,} weights"] = tuple(pair)

    for name, (training, held_out) in bits.items():
        print(f"{name}: {training:.2f} bits on the training text, {held_out:.2f} on new text")
    draw_bits(bits)


with experiment("three models on the same text"):
    from rnn_experiments import draw_bits, progress, random_batches, read_text, small_weights

    compare_models("sonnets.txt")

# %% [markdown]
# *What was seen:* the longest table knows the training text best (1.67 bits, measured on the first
# 3,000 characters), and new text worst but one (3.95). Of the tables, a context of 2 is best on new
# text, with 3.25: for longer ones most contexts are new. Both networks do better than every table,
# because they share what they learn between contexts that are alike. And the window of four (2.99)
# is a little ahead of the RNN (3.08), which can look back much further. On 18,660 characters of
# training text there is not enough to learn what lies further back than four characters. Which of
# the two gains more from a longer text? The slice in `compare_models` sets how much it reads.
#
# ### Experiment 8: Shakespeare
#
# The model of the lecture, 512 to 128 to 64 to 512, on tokens that are made from bytes: the pairs
# of characters that are most frequent become tokens, again and again, until there are 512. A
# twentieth of the text is held out. Training is PyTorch's own (Adam with a learning rate that rises
# and falls once); the windows, the model, the losses and the samples are yours. The plays are
# downloaded once, 1.1 million characters. Offline, the 20,734 characters of `sonnets.txt` take
# their place. *Your own text:* put it into the folder `data` and name it in the last line; half a
# million characters or more do well.
#
# *Predict:* the perplexity of a network that has learned nothing. In which epoch do words appear,
# when do line breaks? Will the loss on held-out text fall as long as that on the training text?


# %%
def learn_to_write(file, prompt):
    """Trains a CharRNN on a file in `data`; shows its perplexity and passages by epoch."""
    text = read_text(file)
    tokenizer = byte_pairs(text, vocab_size=512)
    tokens = np.array(tokenizer.encode(text).ids)
    cut = len(tokens) * 19 // 20
    inputs, targets = next_token_pairs(tokens[:cut], 64)
    held_inputs, held_targets = next_token_pairs(tokens[cut:], 64)

    epochs, rows = (4, 32) if len(tokens) > 100_000 else (24, 8)
    torch.manual_seed(0)
    torch.set_num_threads(1)  # the model is small, and more threads would wait for each other
    model = CharRNN(vocab_size=512, embedding_dim=128, hidden_size=64)
    optimizer = torch.optim.Adam(model.parameters())
    steps = epochs * len(batches(inputs, targets, rows))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.01, total_steps=steps)
    training, held_out, weights = [], [], {}
    counter = progress(epochs, "epochs")
    for epoch in counter:
        losses = []
        for x, y in batches(inputs, targets, rows):
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
        weights[epoch] = as_arrays(model)
        if epoch in (1, epochs) or epoch % (epochs // 4) == 0:
            told = f"perplexity {training[-1]:5.1f}, on held-out text {held_out[-1]:5.1f}"
            counter.write(f"epoch {epoch:2}: loss {np.mean(losses):.2f}, {told}")
    best = int(np.argmin(held_out)) + 1
    print(f"the held-out perplexity is lowest in epoch {best}: {held_out[best - 1]:.1f}")
    draw_epochs(training, held_out)

    def write(epoch, temperature, length=150):
        ids, rng = tokenizer.encode(prompt).ids, np.random.default_rng(0)
        drawn = generate(ids, length, *weights[epoch].values(), rng, temperature=temperature)
        return prompt + tokenizer.decode(drawn)

    with experiment("passages"):
        middle = epochs // 2
        by_epoch = {f"epoch {e}, temperature 0.8": write(e, 0.8) for e in (1, middle, epochs)}
        by_heat = {f"epoch {epochs}, temperature {T}": write(epochs, T) for T in (0.3, 0.6, 1.2)}
        show_passages([by_epoch, by_heat])
        slide(write, list(weights))


with experiment("Shakespeare"):
    from rnn_experiments import (
        as_arrays,
        batches,
        byte_pairs,
        draw_epochs,
        progress,
        read_text,
        show_passages,
        slide,
    )

    learn_to_write("shakespeare.txt", prompt="O ")

# %% [markdown]
# *What was seen:* a network that has learned nothing has a perplexity of 512. *On the sonnets*, the
# mean over epoch 1 was 528, as confident guesses that are wrong cost more than none. By epoch 24 it
# had fallen to 4.0 on the training text. On held-out text it was lowest in epoch 7, at 149, and
# then rose to 389: the network has learned the sonnets by heart, and is now sure of the wrong
# things. The passages of the last epoch have whole lines of the sonnets in them. A low loss on the
# training text alone says little.
#
# *On the plays* the text is fifty times as long, and the held-out perplexity still falls in epoch
# 4. Words appear within one epoch, names of speakers and line breaks soon after, sense never. The
# lecture's run on the plays had a perplexity of 76 in epoch 1, of 27 in epoch 5 and of 21 in epoch
# 25. Temperature 0.3 repeats itself, 1.2 falls apart.
#
# ### Experiment 9: to remember one letter
#
# The last experiment, and the reason for the homework after this one. A sequence shows one of four
# letters, then blanks, then a sign that asks for the letter. A network of 32 units learns it with
# your training loop from 1000 batches of 32 sequences: once with a gap of 5 steps between the
# letter and the question, once with a gap of 50. The task needs two bits of memory.
#
# *Predict:* what share of 400 new sequences is answered right at the end, at 5 and at 50? And what
# norm has the gradient that reaches the letter, 5 and 50 steps back, before training?


# %%
def share_right(gap, W_x, W_h, b_h, W_y, b_y):
    """The share of letters that are recalled, of 400 new sequences."""
    x, targets = recall(400, gap, np.random.default_rng(1))
    state = rnn_forward(x, np.zeros((400, len(W_h))), W_x, W_h, b_h)[:, -1]
    return np.mean((state @ W_y + b_y).argmax(axis=1) == targets[:, -1])


with experiment("to remember one letter"):
    from rnn_experiments import draw_recall, progress, recall, small_weights

    right = {}
    for gap in (5, 50):
        rng = np.random.default_rng(0)
        weights = small_weights(6, 32, 6, rng)
        x, targets = recall(400, gap, np.random.default_rng(1))
        back = norms_going_back(x, targets, *weights.values())[0][-1]
        print(f"gap of {gap}: before training {back:.0e} of the gradient reaches the letter")
        shares = [share_right(gap, *weights.values())]
        for _ in progress(40, f"gap of {gap}"):
            sequences = (recall(32, gap, rng) for _ in range(25))
            weights, _ = train(weights, sequences, 1.0, 1.0)
            shares.append(share_right(gap, *weights.values()))
        print(f"gap of {gap}: {np.mean(shares[-10:]):.2f} right over the last 250 updates")
        right[f"gap of {gap}"] = shares
    draw_recall(right, 25)

# %% [markdown]
# *What was seen:* at a gap of 5 the share of right answers was 1.00, at a gap of 50 it was 0.24,
# that of a guess among four. It is the same network with the same loop, and 32 units have room
# enough for two bits. But nobody tells the weights to keep them: of the gradient at the question,
# 0.04 reached the letter at a gap of 5, and $2 \cdot 10^{-12}$ at a gap of 50. The network cannot
# learn what it is not told.
#
# So a plain RNN can remember, but it learns to remember only what is near. What it needs is a way
# back on which the gradient is not multiplied by a matrix and a slope at each step, such as the
# cell state $c_t$ of the LSTM. That is the next homework, *Remembering for Longer*.

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
