"""The network of this sample: loan application in, one logit of "bad" out."""

import torch
from torch import Tensor, nn

COLUMNS = 22
CATEGORIES = {1: 2, 3: 35, 4: 50, 5: 3, 7: 12}  # column -> how many categories: term, sub_grade, addr_state, ...


class LoanNet(nn.Module):
    """Two hidden layers on standardised numbers and one-hot categories.

    Takes (rows, 22) float32 in file order, categories as integer codes; gives one logit a row, (rows, 1).
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, width: int = 128) -> None:
        super().__init__()
        self.numeric = [column for column in range(COLUMNS) if column not in CATEGORIES]
        self.register_buffer("mean", torch.zeros(len(self.numeric)))
        self.register_buffer("deviation", torch.ones(len(self.numeric)))
        self.layers = nn.Sequential(
            nn.Linear(len(self.numeric) + sum(CATEGORIES.values()), width),
            nn.ReLU(),
            nn.Linear(width, width // 2),
            nn.ReLU(),
            nn.Linear(width // 2, 1),
        )

    def fit_scale(self, features: Tensor) -> None:
        """Take mean and deviation of the numeric columns from the training rows (rows, 22)."""
        numbers = features[:, self.numeric]
        self.mean.copy_(numbers.mean(0))
        self.deviation.copy_(numbers.std(0))

    def forward(self, features: Tensor) -> Tensor:
        parts = [(features[:, self.numeric] - self.mean) / self.deviation]
        for column, count in CATEGORIES.items():
            codes = torch.arange(count, device=features.device)
            parts.append((features[:, column, None].round() == codes).to(features.dtype))
        return self.layers(torch.cat(parts, 1))  # type: ignore[no-any-return]
