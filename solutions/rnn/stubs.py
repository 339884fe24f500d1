"""How each stub is asked. Those that take arguments given here may be called by later ones."""

from autograder.course.stubs import Stub

STUBS = {
    "softmax": Stub(takes=("...V",)),
    "rnn_cell_forward": Stub(takes=("...E", "...H", "EH", "HH", "H")),
    "rnn_forward": Stub(takes=("NTE", "NH", "EH", "HH", "H")),
    "cross_entropy": Stub(takes=("...V", "...")),
    "rnn_cell_backward": Stub(takes=("NH", "NE", "NH", "NH", "EH", "HH"), by_hand=True),
    "bptt": Stub(slow=True, by_hand=True),
    "CharRNN": Stub(kind="model", sizes=(512, 128, 64)),
    "sample_token": Stub(kind="draws", takes=("V", "rng")),
    "generate": Stub(kind="writes"),
}
