"""What a record may hold, wherever it comes from: a form or a sheet. No database."""

from django.core.validators import RegexValidator

MAX_NUMBER = 1_000_000  # beds, people: more is a slip of the hand
MAX_NUMBER_WORDS = "100 万"

validate_phone = RegexValidator(
    r"^[0-9+()（）\- 转]{5,20}$", "电话只能由 5 到 20 位数字、空格、括号、短横线和“转”组成。"
)
