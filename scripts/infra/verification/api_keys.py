"""The API keys that a registry is asked with."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Keys:
    """API keys that the auth service knows.

    Args:
        writing: may read and write.
        reading: may only read; "" where there is none.
        legacy: issued for `ml-platform`; "" where there is none.
        foreign: issued for another service; "" where there is none.
    """

    writing: str = field(repr=False)
    reading: str = field(default="", repr=False)
    legacy: str = field(default="", repr=False)
    foreign: str = field(default="", repr=False)

    def hide(self, text: str) -> str:
        """A text without any of these keys.

        Args:
            text: anything that is shown or kept.
        """
        for key in sorted({self.writing, self.reading, self.legacy, self.foreign}, key=len, reverse=True):
            text = text.replace(key, "***") if key else text
        return text
