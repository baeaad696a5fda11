"""Nobody works in a schema that he did not enter, and everybody comes back to where he was."""

import asyncio
import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from threading import Barrier

import pytest
from asgiref.sync import sync_to_async
from django.db import ProgrammingError, connection, connections, transaction
from psycopg.errors import UndefinedTable

from conversations.models import Contact
from tenants import context
from tenants.db import raw
from tenants.models import Tenant


def search_path() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW search_path")
        return cursor.fetchone()[0].replace('"', "")


def test_outside_every_context_no_table_exists(db):
    assert search_path() == "nowhere"
    for model in (Contact, Tenant):
        with pytest.raises(ProgrammingError), transaction.atomic():
            model.objects.count()


def test_a_tenants_tables_are_not_on_the_platform(acme):
    with context.platform():
        assert search_path() == "public"
        assert Tenant.objects.filter(pk=acme.pk).exists()
        with pytest.raises(ProgrammingError), transaction.atomic():
            Contact.objects.count()


def test_contexts_nest_and_restore_what_was_there(acme, globex):
    with context.tenant(acme.schema_name):
        with context.platform():
            assert search_path() == "public"
            with context.tenant(globex.schema_name):
                assert search_path() == "t_globex, public"
            assert search_path() == "public"
        assert search_path() == "t_acme, public"
    assert search_path() == "nowhere"


def test_an_error_restores_too(acme):
    with pytest.raises(ZeroDivisionError), context.tenant(acme.schema_name):
        raise ZeroDivisionError

    assert context.current_schema() == "nowhere"


@transaction.atomic
def _fail_in_both(globex):
    Contact.objects.create(name="rolled back")
    with context.tenant(globex.schema_name):
        Contact.objects.create(name="rolled back too")
        raise ZeroDivisionError


def test_a_rolled_back_transaction_restores_too(acme, globex):
    with context.tenant(acme.schema_name):
        with pytest.raises(ZeroDivisionError):
            _fail_in_both(globex)
        assert search_path() == "t_acme, public"
        assert not Contact.objects.exists()


def test_a_transaction_sets_its_path_once_a_schema(acme, globex, django_assert_num_queries):
    with context.tenant(acme.schema_name), transaction.atomic():
        Contact.objects.count()
        with django_assert_num_queries(2):
            Contact.objects.count()
            Contact.objects.exists()
        with context.tenant(globex.schema_name):
            assert search_path() == "t_globex, public"
        assert search_path() == "t_acme, public"


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_every_cursor_sets_the_path(acme):
    with context.tenant(acme.schema_name):
        for _ in range(2):
            with connection.cursor() as cursor:
                cursor.execute("SET search_path TO public")  # whatever may have happened to it
        assert search_path() == "t_acme, public"


@pytest.mark.django_db(transaction=True)
def test_a_path_set_in_a_failed_transaction_is_not_relied_on(acme, globex):
    with context.tenant(acme.schema_name):
        assert search_path() == "t_acme, public"  # what the session falls back to
    with context.tenant(globex.schema_name):
        with transaction.atomic():
            assert search_path() == "t_globex, public"
            with pytest.raises(ProgrammingError), connection.cursor() as cursor:
                cursor.execute("SELECT nothing")  # so that the commit below rolls back
        with transaction.atomic():
            assert search_path() == "t_globex, public"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(8))
def test_wherever_one_is_the_path_is_the_contexts(acme, globex, seed):
    chance = random.Random(seed)
    for _ in range(10):
        _wander(chance, [acme.schema_name, globex.schema_name], "nowhere", depth=0)


def _wander(chance, schemas, path, depth):
    """Go into schemas and transactions by chance, and out again, some of them by an error."""
    for _ in range(chance.randint(1, 3)):
        if chance.random() < 0.7:
            assert search_path() == path
        if depth == 5:
            return
        schema = chance.choice(schemas)
        inner, inside = chance.choice(
            [
                (context.tenant(schema), f"{schema}, public"),
                (context.platform(), "public"),
                (transaction.atomic(), path),
                (transaction.atomic(), path),
            ]
        )
        with suppress(ZeroDivisionError), inner:
            _wander(chance, schemas, inside, depth + 1)
            if chance.random() < 0.4:
                raise ZeroDivisionError
    assert search_path() == path


@pytest.mark.parametrize("schema", ["public", ""])
def test_the_shared_schema_is_no_tenants(db, schema):
    with pytest.raises(ValueError, match="not a tenant's schema"), context.tenant(schema):
        pass


@pytest.mark.parametrize("schema", ['a"; DROP SCHEMA public; --', "pg_catalog", "a\x00", "x" * 64])
def test_no_schema_name_breaks_out(db, schema):
    with pytest.raises(Exception, match=r"(?i)schema|invalid|name"), context.tenant(schema):
        Contact.objects.count()

    assert context.current_schema() == "nowhere"


def test_a_list_of_schemas_is_one_name_that_nobody_has(db):
    with pytest.raises(ProgrammingError), transaction.atomic(), context.tenant("t_acme,public"):
        Contact.objects.count()


def test_a_schema_that_does_not_exist_holds_nothing(db):
    with pytest.raises(ProgrammingError), transaction.atomic(), context.tenant("t_ghost"):
        Contact.objects.count()


def test_rows_of_two_tenants_do_not_meet(acme, globex):
    with context.tenant(acme.schema_name):
        Contact.objects.create(name="of acme")
    with context.tenant(globex.schema_name):
        assert not Contact.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_thread_starts_outside_whatever_its_starter_is_in(acme):
    with context.tenant(acme.schema_name), ThreadPoolExecutor(1) as pool:
        assert pool.submit(_in_thread, search_path).result() == "nowhere"


@pytest.mark.django_db(transaction=True)
def test_threads_that_switch_all_the_time_never_see_another_ones_schema(acme, globex):
    start = Barrier(6)

    def switch(number: int) -> list[str]:
        seen = []
        start.wait()
        for turn in range(20):
            tenant = (acme, globex)[(number + turn) % 2]
            with context.tenant(tenant.schema_name):
                if search_path() != f"{tenant.schema_name}, public":
                    seen.append(f"{number}.{turn}")
                with context.platform():
                    Tenant.objects.exists()
            if search_path() != "nowhere":
                seen.append(f"{number}.{turn} after")
        return seen

    with ThreadPoolExecutor(6) as pool:
        wrong = [f.result() for f in [pool.submit(_in_thread, switch, n) for n in range(6)]]

    assert wrong == [[]] * 6


@pytest.mark.django_db(transaction=True)
def test_coroutines_hand_no_schema_on(acme, globex):
    def look(schema: str) -> str:
        with context.tenant(schema):
            return search_path()

    async def main() -> list[str]:
        run = sync_to_async(look, thread_sensitive=True)
        found = await asyncio.gather(*(run(t.schema_name) for t in (acme, globex) * 5))
        await sync_to_async(connections.close_all, thread_sensitive=True)()
        return found

    assert asyncio.run(main()) == ["t_acme, public", "t_globex, public"] * 5
    assert context.current_schema() == "nowhere"


def _in_thread(function, *arguments):
    try:
        return function(*arguments)
    finally:
        connections.close_all()


def test_a_raw_transaction_finds_its_tenant_s_tables_and_never_public_s(acme):
    session = raw.connect(name="test")
    try:
        with context.raw_transaction(session, acme.schema_name) as cursor:
            cursor.execute("SELECT count(*) FROM conversations_contact")
        with (
            pytest.raises(UndefinedTable),
            context.raw_transaction(session, acme.schema_name) as cursor,
        ):
            cursor.execute("SELECT count(*) FROM tenants_tenant").fetchone()
    finally:
        session.close()


def test_statements_of_a_raw_transaction_leave_together(acme):
    with closing(raw.connect(name="test")) as session:
        with context.raw_transaction(session, acme.schema_name) as cursor:
            first, second = cursor.execute("SELECT 1"), cursor.other().execute("SELECT 2")
            assert session._pipeline.command_queue, "the driver sends each by itself again"
            assert (first.fetchone(), second.fetchone()) == ((1,), (2,))
            late = cursor.execute("SELECT 3")
        assert late.fetchone() == (3,)
        assert session.info.transaction_status.name == "IDLE"


def test_plans_that_are_thrown_away_on_the_way_disturb_nothing(acme):
    with closing(raw.connect(name="test")) as session:
        session.prepare_threshold, session.prepared_max = 0, 1
        for turn in range(20):
            with context.raw_transaction(session, acme.schema_name) as cursor:
                asked = [cursor.other().execute(f"SELECT {turn} + {n}") for n in range(4)]
                assert [one.fetchone()[0] for one in asked] == [turn + n for n in range(4)]
                last = [cursor.other().execute(f"SELECT {n}") for n in range(3)]
            assert [one.fetchone()[0] for one in last] == [0, 1, 2]
        left = session.execute("SELECT count(*) FROM pg_prepared_statements", prepare=False)
        assert left.fetchone()[0] < 10  # those of the last transaction


def _break_in_the_middle(session, schema):
    with context.raw_transaction(session, schema) as cursor:
        cursor.execute(_ADD)
        cursor.execute("SELECT * FROM no_such_table")
        cursor.other().execute(_ADD)


_ADD = "INSERT INTO conversations_contact (name, profile_name) VALUES ('x', '')"


def test_the_first_error_of_a_raw_transaction_is_told_and_nothing_stays(acme):
    with closing(raw.connect(name="test")) as session:
        with pytest.raises(UndefinedTable):
            _break_in_the_middle(session, acme.schema_name)
        with context.raw_transaction(session, acme.schema_name) as cursor:
            assert cursor.execute("SELECT count(*) FROM conversations_contact").fetchone() == (0,)
