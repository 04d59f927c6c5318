"""The root of every error that Ducha raises on purpose.

An error's text is a sentence in Chinese for the person who caused it; what a
program needs (ids, places) is carried as attributes.
"""


class DuchaError(Exception):
    """操作没有完成。"""

    def __init__(self, message: str | None = None, **ids: object) -> None:
        """Keep the message (default: the docstring) and the ids it is about."""
        super().__init__(message or self.__class__.__doc__)
        self.message: str = message or (self.__class__.__doc__ or "")
        self.ids = ids


class Refused(DuchaError):
    """这一操作现在不能进行。"""


class NotFound(Refused):
    """没有找到，或者您无权查看。"""


class Forbidden(Refused):
    """您没有办理这一事项的权限。"""


class Conflict(Refused):
    """他人已先一步办理，请刷新后再看。"""


class Invalid(Refused):
    """填写的内容不符合要求。"""

    def __init__(
        self,
        message: str | None = None,
        *,
        fields: dict[str, list[str]] | None = None,
        **ids: object,
    ) -> None:
        """Carry the messages of each field, so that a form can show them."""
        super().__init__(message, **ids)
        self.fields = fields or {}
