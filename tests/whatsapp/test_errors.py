import pytest
from django.utils import translation

from whatsapp import errors
from whatsapp.errors import Answer, Kind, Whose

# Every code of Meta's table that a send, a status or an account's webhook may carry.
KNOWN = [
    *(0, 1, 2, 3, 4, 10, 33, 100, 104, 190, 200, 299, 368, 613, 80007),
    *(130403, 130429, 130472, 130497, 131000, 131005, 131008, 131009, 131016, 131020, 131021),
    *(131026, 131030, 131031, 131037, 131041, 131042, 131044, 131045, 131047, 131048, 131049),
    *(131050, 131051, 131052, 131053, 131055, 131056, 131057, 131059, 131060, 131062, 131063),
    *(131064, 131200, 131215, 132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016),
    *(132018, 132068, 132069, 133000, 133004, 133005, 133006, 133008, 133009, 133010, 133015),
    *(133016, 134011, 134100, 134101, 134102, 135000, 136024, 136025, 137000, 138000, 138018),
    *(139000, 139004, 139100, 139103, 139200, 147001, 147005, 200005, 200007, 1752041),
    *(2388012, 2388019, 2388023, 2388024, 2388039, 2388040, 2388047, 2388072, 2388073, 2388091),
    *(2388093, 2388103, 2388293, 2388299, 2494055, 2494100, 2593107, 2593108, 2593109),
]


def test_every_known_code_is_in_the_table():
    assert set(KNOWN) - set(errors.TABLE) == set()


def test_every_row_says_everything():
    for code, row in errors.TABLE.items():
        assert row.code == code
        assert row.kind in Kind and row.whose in Whose and row.answer in Answer, code
        assert (row.wait is not None) == (row.kind is Kind.RETRY), code
        for sentence in (row.title, row.action):
            assert sentence[0].isupper() and sentence.endswith("."), code


# What Meta's table says that has to change before the same message could pass.
CLASSES = {
    Kind.PERMANENT: {
        *(100, 130472, 131008, 131009, 131020, 131021, 131026, 131041, 131047, 131051, 131052),
        *(131055, 131059, 131062, 132000, 132001, 132005, 132007, 132008, 132012, 132016, 132018),
        *(*range(131200, 131216), *range(147001, 147006), *range(200005, 200008), 135000),
        *(2388023, 2388024, 2388039, 2388040, 2388047, 2388072, 2388073, 2388293, 2388299),
        *(2593107, 2593108, 2593109),
    },
    Kind.CONFIGURATION: {
        *(0, 3, 10, 33, 104, 190, *range(200, 300), 368, 131005, 131031, 131037, 131042, 131044),
        *(131045, 131048, 131063, 131064, 132068, 133000, 133005, 133006, 133008, 133009, 133010),
        *(133016, 134011, 136024, 136025, 139200, 2388019),
    },
    Kind.RETRY: {
        *(1, 2, 4, 613, 80007, 130429, 131000, 131016, 131053, 131056, 131057, 132015, 132069),
        *(133004, 133015, 134101, 2494100),
    },
    Kind.USER: {130403, 131049, 131050, 137000},
}


@pytest.mark.parametrize("kind", CLASSES)
def test_every_code_is_of_its_class(kind):
    others = {code: errors.TABLE[code].kind for code in CLASSES[kind] if code in errors.TABLE}

    assert CLASSES[kind] <= set(errors.TABLE)
    assert {code for code, found in others.items() if found is not kind} == set()


def test_every_sentence_is_in_brazilian_portuguese_too():
    rows = [*errors.TABLE.values(), errors.UNCONFIRMED, errors.explain(424242)]
    with translation.override("pt-br"):
        english = {
            sentence
            for row in rows
            for sentence in (row.title, row.action)
            if translation.gettext(sentence) == sentence
        }
    assert english == set()


def test_waits_grow_to_an_end():
    for wait in (row.wait for row in errors.TABLE.values() if row.wait):
        assert 0 < wait.first <= wait.most
        assert wait.factor >= 2


def test_only_these_codes_say_that_the_same_call_may_pass_later():
    later = {code for code, row in errors.TABLE.items() if row.answer is Answer.LATER}

    assert later == {4, 613, 80007, 130429, 131056, 131057, 139102, 139103}


def test_only_these_codes_leave_it_open_whether_the_message_was_sent():
    maybe = {code for code, row in errors.TABLE.items() if row.answer is Answer.MAYBE}

    assert maybe == {1, 2, 131000, 131016}


def test_only_these_codes_say_that_the_token_is_dead():
    token = {code for code, row in errors.TABLE.items() if row.answer is Answer.TOKEN}

    assert token == {0, 190}


def test_only_the_pair_limit_concerns_one_customer_alone():
    later = [row for row in errors.TABLE.values() if row.answer is Answer.LATER]

    assert {row.code for row in later if row.wait and row.wait.pair} == {131056}


def test_an_unlisted_code_is_explained_with_its_number():
    failure = errors.explain(424242)

    assert failure.code == 424242 and failure.title and failure.action and failure.may_help


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, 131047, errors.RefusedError),
        (500, 131045, errors.RefusedError),
        (200, 131047, errors.RefusedError),
        (400, 999999, errors.RefusedError),
        (404, None, errors.RefusedError),
        (307, None, errors.RefusedError),
        (303, None, errors.MaybeSentError),
        (408, None, errors.MaybeSentError),
        (400, 1, errors.MaybeSentError),
        (503, 2, errors.MaybeSentError),
        (500, None, errors.MaybeSentError),
        (500, 999999, errors.MaybeSentError),
        (200, 999999, errors.MaybeSentError),
        (400, 130429, errors.NotSentError),
        (500, 131057, errors.NotSentError),
        (429, None, errors.NotSentError),
        (429, 999999, errors.NotSentError),
        (429, 131048, errors.RefusedError),
        (401, None, errors.TokenError),
        (401, 10, errors.TokenError),
        (401, 130429, errors.NotSentError),
        (400, 190, errors.TokenError),
        (400, 0, errors.TokenError),
    ],
)
def test_from_answer(status, code, kind):
    error = errors.from_answer(
        http_status=status, code=code, detail="why", retry_after_seconds=None
    )

    assert type(error) is kind
    assert error.code == code
