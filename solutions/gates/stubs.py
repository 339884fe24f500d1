"""How each stub is asked. Those that take arguments given here may be called by later ones."""

from autograder.course.stubs import Stub

GRU = ("NE", "NH", "EG", "HG", "G", "G")
STUBS = {
    "sigmoid": Stub(takes=("...",)),
    "step_jacobian": Stub(takes=("NH", "HH")),
    "lstm_cell_forward": Stub(takes=("NE", "NH", "NH", "EG", "HG", "G")),
    "gru_cell_forward": Stub(takes=GRU),
    "stacked_forward": Stub(takes=("NTE", "LNH", ("*", ("?H", "HH", "H")))),
    "masked_cross_entropy": Stub(takes=("NTV", "NT", "N")),
    "lstm_cell_backward": Stub(by_hand=True),
    "truncated_bptt": Stub(slow=True, by_hand=True),
    "orthogonal": Stub(kind="varies"),
    "dropout": Stub(kind="varies"),
    "check_gru_cell": Stub(kind="judges", judged=GRU),
    "SentimentRNN": Stub(kind="model", sizes=(10000, 128, 256, 2, 2)),
    "CharLSTM": Stub(kind="model", sizes=(65, 512, 2)),
}
