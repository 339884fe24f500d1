# Builds a model of half a million tokens, so that a few rows of logits take gigabytes.
import torch


class CharRNN:
    def __init__(self, *sizes):
        self.weights = {
            "embedding.weight": torch.zeros((12, 1)),
            "rnn.weight_ih_l0": torch.zeros((1, 1)),
            "rnn.weight_hh_l0": torch.zeros((1, 1)),
            "output.weight": torch.zeros((500_000, 1)),
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
