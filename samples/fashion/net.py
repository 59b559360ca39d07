"""The network of this sample: a grey 28 x 28 picture in, ten logits out."""

from torch import Tensor, nn


class FashionNet(nn.Module):
    """Two convolutions and one linear layer.

    Takes (rows, 28, 28) float32 raw pixels 0..255 and scales them itself; gives (rows, 10) logits.
    """

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 16, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Dropout(0.3),
            nn.Linear(32 * 7 * 7, 10),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        return self.layers((pictures / 255).unsqueeze(1))  # type: ignore[no-any-return]
