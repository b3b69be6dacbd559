"""统一社会信用代码 (GB 32100-2015): 18 signs, the last of which checks the others."""

from django.core.exceptions import ValidationError

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # without I, O, S, V, Z
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def check_sign(first_17: str) -> str:
    """The 18th sign that belongs to the first 17. Raises ValueError for signs outside the alphabet."""
    total = sum(ALPHABET.index(sign) * weight for sign, weight in zip(first_17, _WEIGHTS, strict=True))
    return ALPHABET[(31 - total % 31) % 31]


def validate_credit_code(code: str) -> None:
    """Raise ValidationError with words for a code that cannot be one."""
    if len(code) != 18:
        raise ValidationError(f"统一社会信用代码应为 18 位，现在是 {len(code)} 位。")
    if wrong := sorted(set(code) - set(ALPHABET)):
        raise ValidationError(
            f"统一社会信用代码含有不使用的字符：{'、'.join(wrong)}（只用数字和除 I、O、S、V、Z 外的大写字母）。"
        )
    if check_sign(code[:17]) != code[17]:
        raise ValidationError("统一社会信用代码的校验位不对，请对照证书核对。")
