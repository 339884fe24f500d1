# Builds a model as large as may be, and right but for the last state.
import torch
from torch import nn


class CharRNN(nn.Module):
    def __init__(self, V=512, E=128, H=64):
        super().__init__()
        self.embedding = nn.Embedding(V, 200)
        self.rnn = nn.RNN(200, 1000, batch_first=True)
        self.output = nn.Linear(1000, 400)

    def forward(self, tokens, h=None):
        states, h = self.rnn(self.embedding(tokens), h)
        return self.output(states), 2 * h
