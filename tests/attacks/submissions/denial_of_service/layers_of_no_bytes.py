# Builds a model whose parameters take no bytes, and ask for states of gigabytes.
import torch


class CharRNN:
    def __init__(self, *sizes):
        self.weights = {f"rnn.weight_hh_l0{n}": torch.zeros(0) for n in range(50)}
        self.weights["embedding.weight"] = torch.zeros((12, 1))
        self.weights["rnn.weight_ih_l0"] = torch.zeros((1, 1))
        self.weights["rnn.weight_hh_l0"] = torch.zeros((0, 1 << 20))
        self.weights["output.weight"] = torch.zeros((0, 1 << 20))

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
