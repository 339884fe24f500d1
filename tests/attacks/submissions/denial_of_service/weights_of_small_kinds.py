# Builds a model with a `state_dict` of 45 MB of bytes, to be drawn anew as floats.
import torch


class CharRNN:
    training = False

    def __init__(self, *sizes):
        self.weights = {
            "embedding.weight": torch.zeros((1 << 21, 16), dtype=torch.int8),
            "rnn.weight_ih_l0": torch.zeros((1, 16), dtype=torch.int8),
            "rnn.weight_hh_l0": torch.zeros((1, 1), dtype=torch.int8),
            "output.weight": torch.zeros((10_000_000, 1), dtype=torch.int8),
        }

    def eval(self):
        return self

    def state_dict(self):
        return self.weights

    def load_state_dict(self, weights):
        pass

    def named_children(self):
        return [("embedding", self), ("rnn", self), ("output", self)]

    def parameters(self):
        return iter(())

    def __call__(self, tokens, h=None):
        return torch.zeros((*tokens.shape, 1)), torch.zeros((1, 1, 1))
