# %% [markdown]
# # Remembering for Longer: Gated Recurrent Networks
#
# A plain RNN can remember, but not for long: what it learns from fades with every step. In this
# assignment you see why, try some remedies, and build networks that remember for longer: the LSTM
# and the GRU. Then you make networks deeper, let them read both ways, and let them sum up a text
# in one answer and write a sequence from one vector.
#
# | task | points | parts |
# |---|---|---|
# | 01 Why Memory Fades | 1.0 | 1a the chain, 1b remedies |
# | 02 Gates | 1.5 | 2a the LSTM cell, 2b one step back, 2c the GRU cell, and a test of it |
# | 03 Deeper, Both Ways, and Many to One | 1.5 | 3a both ways, 3b many to one, 3c dropout |
# | 04 Writing and Translating | 1.0 | 4a the generator, 4b one to many |
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
# **Notation.** Vectors are rows, and the batch comes first.
#
# | letter | meaning | | array | shape |
# |---|---|---|---|---|
# | `N` | sequences in a batch | | `W_e` embeddings | (V,E) |
# | `T` | time steps | | `W_x` input to state | (E,H) |
# | `V` | tokens in the vocabulary | | `W_h` state to state | (H,H) |
# | `E` | size of an embedding | | `b_h` bias of the state | (H,) |
# | `H` | size of the hidden state | | `W_y`, `b_y` state to logits | (H,V), (V,) |
# | `L` | layers | | `lengths` real steps of each row | (N,) |
# | `K` | classes | | `h`, `c` state and memory | (N,H) |
#
# The weights of all gates of a cell lie side by side in one matrix, in PyTorch's order:
#
#     LSTM   z = x_t W_x + h_{t-1} W_h + b            (N,4H)  =  [i | f | g | o]
#            c_t = sigmoid(f) c_{t-1} + sigmoid(i) tanh(g)        h_t = sigmoid(o) tanh(c_t)
#     GRU    a = x_t W_x + b_x,  u = h_{t-1} W_h + b_h  (N,3H) each  =  [r | z | n]
#            r = sigmoid(a_r + u_r)   z = sigmoid(a_z + u_z)   n = tanh(a_n + r u_n)
#            h_t = (1 - z) n + z h_{t-1}

# %%
from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np

try:  # this lies beside this file
    from gates_check import check, hand_in, self_test
except ImportError:

    def check(part: str) -> None:
        print(f"part {part}: not checked, gates_check is missing from this folder")


# %% [markdown]
# ## Task 01 Why Memory Fades (1 point)
#
# ### 1a The chain (0.5)
#
# One step of a plain RNN is `h_t = tanh(h_{t-1} W_h + ...)`. How a small change of the state before
# it moves the state after it is a matrix of derivatives, the Jacobian of the step. A gradient that
# goes back through many steps is multiplied by one such matrix for each of them.

# %% part="1a" role="stub"
def step_jacobian(h_t: np.ndarray, W_h: np.ndarray) -> np.ndarray:
    """The Jacobian of one RNN step, h_t = tanh(h_{t-1} W_h + ...), for each row of a batch.

        J[n, i, j] = d h_t[n, i] / d h_{t-1}[n, j]

    Args:
        h_t: (N,H) the state after the step, as the forward pass gave it.
        W_h: (H,H) weights from the old state.

    Returns:
        (N,H,H) one matrix for each row.

    Example:
        >>> h_t, W_h = np.array([[0.5, 0.0]]), np.array([[1.0, 2.0], [3.0, 4.0]])
        >>> step_jacobian(h_t, W_h)  # the slopes are 0.75 and 1
        array([[[0.75, 2.25],
                [2.  , 4.  ]]])
    """
    # YOUR CODE HERE
    raise NotImplementedError("part 1a: step_jacobian is still to be written")


def gradient_norms(dh_T: np.ndarray, h: np.ndarray, W_h: np.ndarray) -> np.ndarray:
    """How large a gradient from the last step still is at each step before it.

    A loss looks at the last state h_T alone, and ``dh_T`` is its gradient there. From step t to
    the one before it, a gradient goes through the Jacobian of the step:

        dh_{t-1}[n, j] = sum_i dh_t[n, i] J_t[n, i, j]

    Args:
        dh_T: (N,H) the gradient with respect to the last state, h[:, T-1].
        h: (N,T,H) the states, as the forward pass gave them.
        W_h: (H,H) weights from the old state.

    Returns:
        (N,T) entry [n, t] is the 2-norm of the gradient with respect to h[n, t]; the last column
        is the norm of ``dh_T`` itself.

    Example:
        >>> h, W_h = np.array([[[0.9], [0.5], [0.0]]]), np.array([[2.0]])  # N=1, T=3, H=1
        >>> gradient_norms(np.array([[-1.0]]), h, W_h)  # 1, then times 2, then times 1.5
        array([[3., 2., 1.]])
    """
    # YOUR CODE HERE
    raise NotImplementedError("part 1a: gradient_norms is still to be written")


# %% part="1a" role="check"
check("1a")


# %% [markdown] part="1a" role="written"
# **Question 1a.** In the telephone game a sentence is whispered from ear to ear through 20 people.
# What has it to do with a product of Jacobians? When does such a product fade, and when does it
# grow?
#
# YOUR ANSWER HERE

# %% [markdown]
# ### 1b Remedies (0.5)
#
# A long text is cut into pieces: the state goes on from piece to piece, the gradient does not. An
# exploding gradient is clipped. And a W_h that is orthogonal neither stretches nor shrinks.
#
# **By hand.** Derive the gradients of `truncated_bptt`, and later those of `lstm_cell_backward`,
# yourself, and write them down as formulas of arrays. While these two are checked or graded,
# automatic differentiation (`backward`, `torch.autograd`, `torch.func`, or that of any other
# library) raises an error. PyTorch as a library of arrays is fine.

# %% part="1b" role="stub"
def truncated_bptt(
    x: np.ndarray,
    targets: np.ndarray,
    h0: np.ndarray,
    W_x: np.ndarray,
    W_h: np.ndarray,
    b_h: np.ndarray,
    W_y: np.ndarray,
    b_y: np.ndarray,
    k: int,
) -> tuple[float, dict[str, np.ndarray], np.ndarray]:
    """Loss and gradients of an RNN whose sequence is cut into pieces of k steps.

        h_t      = tanh(h_{t-1} W_h + x_t W_x + b_h)
        logits_t = h_t W_y + b_y

    The pieces start at steps 0, k, 2k, ...; the last one may be shorter. The state goes on from
    piece to piece, the gradient does not: at the first step of a piece, nothing comes from the
    piece after it and nothing goes to the one before it. The weights are the same throughout, so
    their gradients add up over all steps. With k at T or above, the gradients are exact.

    Args:
        x: (N,T,E) the inputs.
        targets: (N,T) ints, the right next token at each step.
        h0: (N,H) the state before the first step.
        W_x: (E,H) weights from the input.
        W_h: (H,H) weights from the old state.
        b_h: (H,) bias of the state.
        W_y: (H,V) weights from the state to the logits.
        b_y: (V,) bias of the logits.
        k: how many steps a piece has, at least 1.

    Returns:
        loss: the mean cross-entropy over all N*T predictions, a float in nats.
        grads: a dict with the keys "W_x", "W_h", "b_h", "W_y" and "b_y", of the mean loss.
        h_T: (N,H) the last state.

    Example:
        >>> x, h0, targets = np.ones((1, 2, 1)), np.zeros((1, 1)), np.array([[0, 0]])
        >>> W_x, W_h, b_h = np.zeros((1, 1)), np.zeros((1, 1)), np.zeros(1)
        >>> W_y, b_y = np.zeros((1, 2)), np.zeros(2)  # all zero: both tokens equally likely
        >>> loss, grads, h_T = truncated_bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y, 1)
        >>> round(loss, 4), grads["b_y"], h_T
        (0.6931, array([-0.5,  0.5]), array([[0.]]))
    """
    # YOUR CODE HERE
    raise NotImplementedError("part 1b: truncated_bptt is still to be written")


def clip_values(grads: dict[str, np.ndarray], limit: float) -> dict[str, np.ndarray]:
    """Puts each entry of all gradients between -limit and limit.

    The argument and its arrays are not modified.

    Args:
        grads: a dict of float arrays of any shapes.
        limit: above 0.

    Returns:
        A new dict with the same keys.

    Example:
        >>> clip_values({"W": np.array([[3.0, -0.5]]), "b": np.array([-7.0])}, 2.0)
        {'W': array([[ 2. , -0.5]]), 'b': array([-2.])}
    """
    # YOUR CODE HERE
    raise NotImplementedError("part 1b: clip_values is still to be written")


def orthogonal(rng: np.random.Generator, size: int) -> np.ndarray:
    """A random matrix with orthonormal rows, to start W_h from.

        Q Q^T = I

    Args:
        rng: the only source of randomness; never np.random.seed, np.random.normal, ...
        size: H, at least 1.

    Returns:
        (size,size) floats; equal generators give equal matrices, two draws differ.

    Example:
        >>> Q = orthogonal(np.random.default_rng(0), 3)
        >>> np.allclose(Q @ Q.T, np.eye(3))
        True
    """
    # YOUR CODE HERE
    raise NotImplementedError("part 1b: orthogonal is still to be written")


# %% part="1b" role="check"
check("1b")


# %% [markdown] part="1b" role="written"
# **Question 1b.** What does truncation miss? Say what a network that is trained with pieces of k
# steps can still learn, and what it cannot.
#
# YOUR ANSWER HERE

# %% [markdown]
# ## Task 02 Gates (1.5 points)
#
# ### 2a The LSTM cell (0.5)
#
# The LSTM has a second state, the memory c_t. Gates, numbers between 0 and 1, decide what of it is
# kept (f), what is written (i), and what is shown (o).

# %% part="2a" role="stub"
def sigmoid(z: np.ndarray) -> np.ndarray:
    """Squeezes each number to one between 0 and 1.

        sigmoid(z) = 1 / (1 + exp(-z))

    Must hold for large numbers too, such as 10000 and -10000.

    Args:
        z: floats, an array of any number of axes.

    Returns:
        An array of the same shape.

    Example:
        >>> sigmoid(np.array([0.0, np.log(3.0), -10000.0]))
        array([0.5 , 0.75, 0.  ])
    """
    # YOUR CODE HERE
    raise NotImplementedError("part 2a: sigmoid is still to be written")


def lstm_cell_forward(
    x_t: np.ndarray,
    h_prev: np.ndarray,
    c_prev: np.ndarray,
    W_x: np.ndarray,
    W_h: np.ndarray,
    b: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """One step of the LSTM: the new state and the new memory.

        z   = x_t W_x + h_{t-1} W_h + b = [i | f | g | o]
        c_t = sigmoid(f) c_{t-1} + sigmoid(i) tanh(g)
        h_t = sigmoid(o) tanh(c_t)

    Args:
        x_t: (N,E) the input of this step.
        h_prev: (N,H) the state before it.
        c_prev: (N,H) the memory before it.
        W_x: (E,4H) weights from the input.
        W_h: (H,4H) weights from the old state.
        b: (4H,) bias.

    Returns:
        h_t: (N,H) the state, c_t: (N,H) the memory, in this order.

    Example:
        >>> x_t, h_prev, c_prev = np.array([[1.0]]), np.array([[0.0]]), np.array([[2.0]])
        >>> W_x, W_h = np.array([[9.0, 0.0, 0.5, 9.0]]), np.zeros((1, 4))
        >>> h_t, c_t = lstm_cell_forward(x_t, h_prev, c_prev, W_x, W_h, np.zeros(4))
        >>> h_t.round(3), c_t.round(3)  # half is kept, and tanh(0.5) is added
        (array([[0.898]]), array([[1.462]]))
    """
    # YOUR CODE HERE
    raise NotImplementedError("part 2a: lstm_cell_forward is still to be written")


# %% part="2a" role="check"
check("2a")


# %% [markdown] part="2a" role="written"
# **Question 2a.** What does each of the gates i, f and o do, and what is g? Give an example of a
# text in which each of the gates should be closed for a while.
#
# YOUR ANSWER HERE

# %% [markdown]
# ### 2b One step back (0.5)
#
# Two gradients come back into a step: one for h_t and one for c_t. What h_t passes to c_t through
# its tanh is for this step to add.

# %% part="2b" role="stub"
def lstm_cell_backward(
    dh_t: np.ndarray,
    dc_t: np.ndarray,
    x_t: np.ndarray,
    h_prev: np.ndarray,
    c_prev: np.ndarray,
    W_x: np.ndarray,
    W_h: np.ndarray,
    b: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Takes gradients back through one step of the LSTM.

    The gates are computed again from the arguments. Then, all of it at once:

        dc  = dc_t + dh_t sigmoid(o) (1 - tanh(c_t)^2)
        dz  = [di | df | dg | do], each from dc or dh_t and the slope of its gate

    and from dz on, the rules for matrix products and sums give the rest.

    Args:
        dh_t: (N,H) the gradient of the loss with respect to h_t.
        dc_t: (N,H) what comes from the next step's memory alone.
        x_t: (N,E) the input of the step.
        h_prev: (N,H) the state before the step.
        c_prev: (N,H) the memory before the step.
        W_x: (E,4H) weights from the input.
        W_h: (H,4H) weights from the old state.
        b: (4H,) bias.

    Returns:
        dx_t: (N,E), dh_prev: (N,H), dc_prev: (N,H), dW_x: (E,4H), dW_h: (H,4H), db: (4H,), in
        this order.

    Example:
        >>> one, no = np.array([[1.0]]), np.zeros((1, 4))
        >>> given = 0 * one, one, one, 0 * one, 2 * one, no, no, np.zeros(4)  # all gates are 1/2
        >>> _, _, dc_prev, dW_x, _, _ = lstm_cell_backward(*given)
        >>> dc_prev, dW_x  # half of dc_t; f has the slope 1/4, and c_prev is 2
        (array([[0.5]]), array([[0. , 0.5, 0.5, 0. ]]))
    """
    # YOUR CODE HERE
    raise NotImplementedError("part 2b: lstm_cell_backward is still to be written")


# %% part="2b" role="check"
check("2b")


# %% [markdown] part="2b" role="written"
# **Question 2b.** Why has c_t a path back to c_{t-1} without a matrix, and what follows from it?
#
# YOUR ANSWER HERE

# %% [markdown]
# ### 2c The GRU cell, and a test of it (0.5)
#
# The GRU has no second state, and one gate less. You write the cell, and then a test that can tell
# a right cell from a wrong one.

# %% part="2c" role="stub"
def gru_cell_forward(
    x_t: np.ndarray,
    h_prev: np.ndarray,
    W_x: np.ndarray,
    W_h: np.ndarray,
    b_x: np.ndarray,
    b_h: np.ndarray,
) -> np.ndarray:
    """One step of the GRU: the new state.

        a = x_t W_x + b_x = [a_r | a_z | a_n]        u = h_{t-1} W_h + b_h = [u_r | u_z | u_n]
        r = sigmoid(a_r + u_r)    z = sigmoid(a_z + u_z)    n = tanh(a_n + r u_n)
        h_t = (1 - z) n + z h_{t-1}

    As in PyTorch, r multiplies what comes from the state after its product and its bias.

    Args:
        x_t: (N,E) the input of this step.
        h_prev: (N,H) the state before it.
        W_x: (E,3H) weights from the input.
        W_h: (H,3H) weights from the old state.
        b_x: (3H,) bias beside the input.
        b_h: (3H,) bias beside the old state.

    Returns:
        (N,H) the state h_t.

    Example:
        >>> x_t, h_prev, no = np.array([[1.0]]), np.array([[0.5]]), np.zeros(3)
        >>> W_x, W_h = np.array([[0.0, 0.0, 1.0]]), np.array([[0.0, 0.0, 2.0]])
        >>> gru_cell_forward(x_t, h_prev, W_x, W_h, no, no).round(3)  # r = z = 0.5, n = tanh(1.5)
        array([[0.703]])
    """
    # YOUR CODE HERE
    raise NotImplementedError("part 2c: gru_cell_forward is still to be written")


def check_gru_cell(cell: Callable[..., np.ndarray]) -> bool:
    """A test that tells right ways of writing ``gru_cell_forward`` from wrong ones.

    Your test is tried on right cells, all of which it must accept, and on wrong ones, of which it
    should reject as many as it can. It does not see their code: it calls them and looks at what
    they answer.

    Args:
        cell: is called as ``cell(x_t, h_prev, W_x, W_h, b_x, b_h)``, at most 50 times. A wrong one
            may raise an error.

    Returns:
        True where the cell is right; False, or an AssertionError, where it is not.
    """
    # YOUR CODE HERE
    raise NotImplementedError("part 2c: check_gru_cell is still to be written")


def cell_parameters(embedding_dim: int, hidden_size: int) -> dict[str, int]:
    """The number of trainable numbers in one layer of nn.RNN, nn.LSTM and nn.GRU.

    Each of them has two bias vectors, one beside each of its weight matrices.

    Args:
        embedding_dim: E.
        hidden_size: H.

    Returns:
        A dict with the keys "rnn", "lstm" and "gru", each an int.

    Example:
        >>> cell_parameters(embedding_dim=3, hidden_size=2)
        {'rnn': 14, 'lstm': 56, 'gru': 42}
    """
    # YOUR CODE HERE
    raise NotImplementedError("part 2c: cell_parameters is still to be written")


# %% part="2c" role="check"
check("2c")


# %% [markdown] part="2c" role="written"
# **Question 2c.** What does a GRU save beside an LSTM, and how does it do what the LSTM does with
# its memory c_t and its gates i, f and o?
#
# YOUR ANSWER HERE

# %% [markdown]
# ## Task 03 Deeper, Both Ways, and Many to One (1.5 points)
#
# ### 3a Deep and both ways (0.5)
#
# The states of one network can be the inputs of the next: that makes it deep. Two networks can read
# the same sequence, one from each end: then each step knows what comes before it and after it.

# %% part="3a" role="stub"
def stacked_forward(
    x: np.ndarray, h0: np.ndarray, layers: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray]:
    """Unrolls several tanh RNNs, each of which reads the states of the one below.

    Args:
        x: (N,T,E) the inputs of the lowest layer.
        h0: (L,N,H) the state of each layer before the first step.
        layers: a list of L tuples (W_x, W_h, b_h), the lowest first. W_x is (E,H) in the first and
            (H,H) above it, W_h is (H,H), b_h is (H,).

    Returns:
        outputs: (N,T,H) the states of the top layer.
        h_T: (L,N,H) the last state of each layer.

    Example:
        >>> x, h0 = np.array([[[1.0], [0.0]]]), np.zeros((2, 1, 1))  # N=1, T=2, E=H=1, L=2
        >>> layers = [(np.eye(1), np.eye(1), np.zeros(1))] * 2
        >>> outputs, h_T = stacked_forward(x, h0, layers)
        >>> outputs.round(3).tolist(), h_T.round(3).tolist()
        ([[[0.642], [0.858]]], [[[0.642]], [[0.858]]])
    """
    # YOUR CODE HERE
    raise NotImplementedError("part 3a: stacked_forward is still to be written")


def bidirectional_forward(
    x: np.ndarray,
    lengths: np.ndarray,
    forward: tuple[np.ndarray, np.ndarray, np.ndarray],
    backward: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> np.ndarray:
    """The states of two tanh RNNs, of which one reads forwards and the other backwards.

    Both start from zeros. Of row n, the first ``lengths[n]`` steps are real and the rest is
    padding: the backward net reads each row from its last real step to its first.

    Args:
        x: (N,T,E) the inputs.
        lengths: (N,) ints from 1 to T, in any order.
        forward: (W_x, W_h, b_h) of the forward net, (E,H), (H,H) and (H,).
        backward: the same of the backward net.

    Returns:
        (N,T,2H) entry [n, t] holds both states at step t, the forward one first; zeros at the
        steps that are padding.

    Example:
        >>> x, lengths = np.array([[[1.0], [0.0], [9.0]]]), np.array([2])  # 9 is padding
        >>> net = np.eye(1), np.eye(1), np.zeros(1)
        >>> bidirectional_forward(x, lengths, net, net).round(3)
        array([[[0.762, 0.762],
                [0.642, 0.   ],
                [0.   , 0.   ]]])
    """
    # YOUR CODE HERE
    raise NotImplementedError("part 3a: bidirectional_forward is still to be written")


# %% part="3a" role="check"
check("3a")

# %% [markdown] part="3a" role="written"
# **Question 3a.** Where does a deeper net help, and where one that reads both ways? For which tasks
# may a network not look ahead?
#
# YOUR ANSWER HERE

# %% [markdown]
# ### 3b Many to one (0.5)
#
# A review is many tokens, and its mood is one answer. Reviews differ in length, so the shorter ones
# of a batch are filled up with padding, which must have no effect.

# %% part="3b" role="stub"
import torch
from torch import nn


class SentimentRNN(nn.Module):
    """Tokens in, logits of classes out: many to one.

    Attributes:
        embedding: nn.Embedding, a vector of size E for each of the V tokens.
        rnn: nn.RNN, tanh, hidden size H, ``num_layers`` layers, ``batch_first=True``.
        fc: nn.Linear with bias, from a state to K logits.

    Example:
        >>> model = SentimentRNN(10, 4, 6, 2, 3)
        >>> model(torch.zeros(2, 5, dtype=torch.long), lengths=torch.tensor([5, 3])).shape
        torch.Size([2, 3])
    """

    def __init__(
        self,
        vocab_size: int = 10000,
        embedding_dim: int = 128,
        hidden_size: int = 256,
        num_layers: int = 2,
        num_classes: int = 2,
    ) -> None:
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError("part 3b: SentimentRNN.__init__ is still to be written")

    def forward(self, tokens: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        """Reads tokens, and answers after the last real one of each row.

        Args:
            tokens: (N,T) ints. Padding holds tokens of the vocabulary too.
            lengths: (N,) ints, how many tokens of each row are real; None means all T.

        Returns:
            (N,K) logits, from the top layer's state after each row's last real step.
        """
        # YOUR CODE HERE
        raise NotImplementedError("part 3b: SentimentRNN.forward is still to be written")


# %% part="3b" role="stub"
def masked_cross_entropy(logits: np.ndarray, targets: np.ndarray, lengths: np.ndarray) -> float:
    """The mean cross-entropy of the real predictions alone, in nats.

    Must hold for large logits too, such as 10000 and -10000.

    Args:
        logits: (N,T,V) finite floats.
        targets: (N,T) ints. Beyond ``lengths`` they may be anything, also -1, -100 or V and above.
        lengths: (N,) ints from 1 to T: how many steps of each row are real.

    Returns:
        The mean over all real predictions, a float.

    Example:
        >>> logits, targets = np.zeros((2, 2, 4)), np.array([[0, 3], [1, -100]])
        >>> masked_cross_entropy(logits, targets, np.array([2, 1]))  # log 4: one of four
        1.3862943611198906
    """
    # YOUR CODE HERE
    raise NotImplementedError("part 3b: masked_cross_entropy is still to be written")


# %% part="3b" role="check"
check("3b")


# %% [markdown] part="3b" role="written"
# **Question 3b.** A photo is to be sorted into one of 200 kinds of birds, and a film review into
# good or bad. Which of the two is for an RNN, and why?
#
# YOUR ANSWER HERE

# %% [markdown]
# ### 3c Dropout (0.5)
#
# In training, each unit is dropped with probability p, so that none can rely on another. What is
# kept is made larger by 1 / (1 - p), so that the mean stays, and nothing is left to do later.

# %% part="3c" role="stub"
def dropout(
    x: np.ndarray, p: float, rng: np.random.Generator, training: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Inverted dropout.

        y = x / (1 - p) where the mask is True, else 0

    Args:
        x: floats, an array of one to three axes.
        p: the probability that an entry is dropped, 0 <= p < 1.
        rng: the only source of randomness.
        training: False means that nothing is dropped or scaled.

    Returns:
        y: of the shape of x.
        mask: booleans of the shape of x; True = kept, with probability 1 - p, each by itself.

    Example:
        >>> y, mask = dropout(np.ones(1000), 0.5, np.random.default_rng(0))
        >>> sorted(set(y.tolist())), 450 < int(mask.sum()) < 550
        ([0.0, 2.0], True)
        >>> y, mask = dropout(np.array([3.0]), 0.5, np.random.default_rng(0), training=False)
        >>> y, mask
        (array([3.]), array([ True]))
    """
    # YOUR CODE HERE
    raise NotImplementedError("part 3c: dropout is still to be written")


def dropout_backward(dy: np.ndarray, mask: np.ndarray, p: float) -> np.ndarray:
    """Takes a gradient back through dropout, in training.

    Args:
        dy: the gradient with respect to y.
        mask: booleans of the same shape, True = kept, as the forward pass drew it.
        p: the probability that an entry was dropped, 0 <= p < 1.

    Returns:
        The gradient with respect to x, of the same shape.

    Example:
        >>> dropout_backward(np.array([1.0, 3.0]), np.array([True, False]), 0.5)
        array([2., 0.])
    """
    # YOUR CODE HERE
    raise NotImplementedError("part 3c: dropout_backward is still to be written")


# %% part="3c" role="check"
check("3c")

# %% [markdown] part="3c" role="written"
# **Question 3c.** Between layers, dropout is drawn anew at each step. Why not for the state that
# goes from one step to the next?
#
# YOUR ANSWER HERE

# %% [markdown]
# ## Task 04 Writing and Translating (1 point)
#
# ### 4a The generator (0.5)
#
# A network that writes characters, as in the assignment before this one, now with an LSTM. Its
# forget gates start open. In PyTorch each gate has two biases, which are added: 1 + 1 and 1 + a
# random number are not 1.

# %% part="4a" role="stub"
import torch
from torch import nn


class CharLSTM(nn.Module):
    """Tokens in, logits for the next token out: one-hot, LSTM, output layer.

    Attributes:
        lstm: nn.LSTM, from one-hot vectors of size V, hidden size H, ``num_layers`` layers,
            ``batch_first=True``. When the model is built, the two biases of the forget gate add up
            to 1 in every layer; those of the other gates need not.
        fc: nn.Linear with bias, from a state to V logits.

    Example:
        >>> model = CharLSTM(10, 6, 2)
        >>> logits, (h, c) = model(torch.zeros(3, 5, dtype=torch.long))  # N=3, T=5
        >>> logits.shape, h.shape, c.shape
        (torch.Size([3, 5, 10]), torch.Size([2, 3, 6]), torch.Size([2, 3, 6]))
    """

    def __init__(self, vocab_size: int, hidden_size: int = 512, num_layers: int = 2) -> None:
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError("part 4a: CharLSTM.__init__ is still to be written")

    def forward(
        self, tokens: torch.Tensor, state: tuple[torch.Tensor, torch.Tensor] | None = None
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        """Reads tokens, starting from ``state``.

        Args:
            tokens: (N,T) ints.
            state: (h, c), each (L,N,H), to start from; None means zeros.

        Returns:
            logits: (N,T,V) for the token after each position.
            state: (h, c) after the last token.
        """
        # YOUR CODE HERE
        raise NotImplementedError("part 4a: CharLSTM.forward is still to be written")


# %% part="4a" role="check"
check("4a")


# %% [markdown] part="4a" role="written"
# **Question 4a.** The loss of a network falls for a while, then grows from step to step, and turns
# NaN. What happened, and what would you do, in which order?
#
# YOUR ANSWER HERE

# %% [markdown]
# ### 4b One to many (0.5)
#
# A translator reads a sentence into a vector, the context, and a second network writes from it:
# token after token, each fed back, until it says that it is done.

# %% part="4b" role="stub"
def decode(
    h0: np.ndarray,
    c0: np.ndarray,
    start: int,
    end: int,
    max_length: int,
    W_e: np.ndarray,
    W_x: np.ndarray,
    W_h: np.ndarray,
    b: np.ndarray,
    W_y: np.ndarray,
    b_y: np.ndarray,
) -> list[int]:
    """Writes a sequence from a context, with one LSTM layer and without chance.

    The first input is ``start``. At each step the token with the largest logit h_t W_y + b_y is
    written, and is the next input. It stops before ``end`` is written, or after ``max_length``
    tokens.

    Args:
        h0: (H,) the context, the state to start from.
        c0: (H,) the memory to start from.
        start: the first input, which is not written.
        end: the token that ends the sequence, which is not written either.
        max_length: how many tokens may be written, 0 or more.
        W_e: (V,E) embeddings; row v is the vector of token v.
        W_x: (E,4H), W_h: (H,4H), b: (4H,) of the LSTM.
        W_y: (H,V) weights from the state to the logits.
        b_y: (V,) bias of the logits.

    Returns:
        The written tokens, a list of ints.

    Example:
        >>> W_x = np.zeros((3, 4))  # V=E=3, H=1: i and o are open, f is closed, and
        >>> W_x[:, 2] = 9.0, -9.0, 0.0  # the state is up after token 0, down after token 1
        >>> W_e, W_h, b = np.eye(3), np.zeros((1, 4)), np.array([9.0, -9.0, 0.0, 9.0])
        >>> W_y, b_y = np.array([[-9.0, 9.0, 0.0]]), np.zeros(3)  # up says 1, down says 0
        >>> decode(np.zeros(1), np.zeros(1), 0, 2, 3, W_e, W_x, W_h, b, W_y, b_y)
        [1, 0, 1]
    """
    # YOUR CODE HERE
    raise NotImplementedError("part 4b: decode is still to be written")


# %% [markdown]
# #### Concept questions of part 4b
#
# One or several options may be right. Ticks on wrong options take away from what the right ones
# give, but no question counts less than zero. In the cell below, give each question the letters of
# all its right options as one string, such as `"a"` or `"bd"`.
#
# **1. `memory-path`** The gradient of a loss goes back from the memory c_t of an LSTM to
# c_{t-1}, by the direct path alone. What is it multiplied by?
#
# - **a.** The matrix W_h, and the slope of tanh.
# - **b.** The forget gate, entry by entry.
# - **c.** The output gate, entry by entry.
# - **d.** Nothing that mixes different entries of the memory.
#
# **2. `forget-bias`** Why do the forget gates of an LSTM often start with a bias of 1?
#
# - **a.** So that the memory is mostly kept until training finds out what to forget.
# - **b.** So that gradients come back over more steps from the beginning of training.
# - **c.** Because a bias of 0 would close the gates altogether.
# - **d.** Because the bias of a gate is not trained.
#
# **3. `look-ahead`** For which tasks is a network that reads both ways possible?
#
# - **a.** Marking the part of speech of each word in a finished sentence.
# - **b.** Writing a text, token after token.
# - **c.** Sorting finished reviews into good and bad.
# - **d.** Predicting tomorrow's temperature from all days up to today.
#
# **4. `padding`** Rows of different lengths are filled up with padding at the end, and a network
# reads each row forwards. Which of these does padding change, if nothing is done about it?
#
# - **a.** The states at the real steps.
# - **b.** The state after the last column.
# - **c.** The mean of the loss over all columns.
# - **d.** The number of weights.
#
# **5. `one-to-many`** Which of these are one to many?
#
# - **a.** A caption for a photo.
# - **b.** The mood of a review.
# - **c.** The next character at every place of a text.
# - **d.** A melody from the name of a style.

# %% part="4b" role="concepts"
answers_4b = {
    "memory-path": "",
    "forget-bias": "",
    "look-ahead": "",
    "padding": "",
    "one-to-many": "",
}
# YOUR CODE HERE

# %% part="4b" role="check"
check("4b")

# %% [markdown] part="4b" role="written"
# **Question 4b.** One to many, many to one, many to many: what does each of them mean? Give an
# example of each, and say which parts of this assignment it would be built from.
#
# YOUR ANSWER HERE

# %% [markdown]
# ## Test yourself
#
# The concept questions that are not marked.

# %%
with suppress(NameError):
    self_test()

# %% [markdown]
# ## Hand in
#
# Save first. Then this reads the saved file as it will be read where it is graded: in a fresh
# process, cell by cell. It says what would be marked and what to mend. In a terminal,
# `python -m gates_check --hand-in` does the same.

# %%
with suppress(NameError):
    hand_in()
