"""GB 32100-2015: the last sign checks the others."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from institutions.credit_code import ALPHABET, check_sign, validate_credit_code


@pytest.mark.parametrize("code", ["91350100M000100Y43", "91440300708461136T", "914403001922038216"])
def test_codes_in_use_are_valid(code):
    validate_credit_code(code)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("91350100M000100Y44", "校验位不对"),
        ("91350100M000100Y4", "应为 18 位，现在是 17 位"),
        ("91350100I000100Y43", "不使用的字符：I"),
        ("９１350100M000100Y43", "不使用的字符"),
        ("91350100m000100y43", "不使用的字符：m、y"),
    ],
)
def test_what_cannot_be_a_code_is_refused_in_words(code, words):
    with pytest.raises(ValidationError, match=words):
        validate_credit_code(code)


@given(st.text(ALPHABET, min_size=17, max_size=17), st.integers(0, 16), st.sampled_from(ALPHABET))
def test_one_wrong_sign_is_always_noticed(first, place, sign):
    code = first + check_sign(first)
    validate_credit_code(code)
    wrong = code[:place] + sign + code[place + 1 :]
    if wrong != code:
        with pytest.raises(ValidationError, match="校验位"):
            validate_credit_code(wrong)
