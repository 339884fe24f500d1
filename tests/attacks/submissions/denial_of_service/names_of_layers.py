# Builds a model whose layers are of a class with a name of 8 MB, under names as long.
import numpy as np
import torch
from torch import nn

long = "X" * (8 << 20)


class CharRNN(nn.Module):
    def __init__(self, *sizes):
        super().__init__()
        self.embedding = type(long, (nn.Linear,), {})(2, 2)
        self.add_module(long, nn.Linear(2, 2))

    def forward(self, tokens, h=None):
        return torch.zeros(1), torch.zeros(1)


def parameter_count(*args):
    return {long + str(number): number for number in range(20)}


def clip_gradients(grads, max_norm):
    return {long: np.zeros(1)}
