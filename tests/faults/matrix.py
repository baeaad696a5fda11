"""What may go wrong, what happens then, and the tests that make it go wrong.

`python -m tests.mutants.table` writes it into docs/reliability.md.
"""

from dataclasses import dataclass

CRASHES = "tests/faults/test_crashes.py"
REDIS = "tests/faults/test_redis.py"
META = "tests/faults/test_meta.py"
POSTGRES = "tests/faults/test_postgres.py"
SOAK = "tests/faults/test_soak.py::test_while_everything_is_killed_nothing_is_lost_or_doubled"
ARRIVALS = "tests/faults/test_arrivals.py"
BODIES = "tests/faults/test_bodies.py"
KILL = "tests/flows/test_kill.py::test_nothing_acknowledged_is_lost_or_doubled"
JOURNAL = "tests/whatsapp/webhooks/test_journal.py"
CLIENT = "tests/whatsapp/test_client_sockets.py"
INBOUND_FAULTS = "tests/conversations/test_inbound_faults.py"
ROUTING = "tests/conversations/test_inbound_routing.py"
SENDING = "tests/conversations/test_delivery_order.py"
SWEEP = "tests/conversations/test_sweep.py"
INGEST = "tests/whatsapp/webhooks/test_ingest.py"
SERVERS = "tests/whatsapp/webhooks/test_servers.py"


@dataclass(frozen=True, slots=True)
class Fault:
    """``tests`` as pytest names them: a file of the project, and a function of it."""

    group: str
    what: str
    then: str
    tests: tuple[str, ...]


def _of(group: str, *rows: tuple[str, str, tuple[str, ...]]) -> list[Fault]:
    return [Fault(group, *row) for row in rows]


FAULTS = [
    *_of(
        "A process is killed",
        (
            "the door before what came is stored",
            "no 200: WhatsApp comes again. The row commits by itself, so there is no half of it",
            (f"{CRASHES}::test_a_door_that_dies_before_the_insert_said_nothing",),
        ),
        (
            "the door between the commit and the answer",
            "WhatsApp comes again, and the second one is a duplicate",
            (
                f"{CRASHES}::test_a_door_that_dies_between_commit_and_answer_has_it_twice_and_stores_it_once",
            ),
        ),
        (
            "the door after the answer, before it tells a worker",
            "the sweeper takes it in within seconds",
            (
                f"{CRASHES}::test_what_was_answered_is_there_though_the_door_died_at_once",
                f"{SWEEP}::test_what_is_new_for_too_long_is_worked_on",
            ),
        ),
        (
            "a worker at any point of a batch",
            "its locks end with its session; the next worker does it, once",
            (
                f"{CRASHES}::test_a_worker_that_dies_loses_nothing_and_doubles_nothing",
                f"{CRASHES}::test_one_worker_after_the_other_dies_and_the_next_one_does_it",
            ),
        ),
        (
            "a worker, again and again by the same body",
            "the third death parks that body; all others are stored",
            (
                f"{INBOUND_FAULTS}::test_a_body_that_kills_the_process_is_parked_and_all_others_are_stored",
            ),
        ),
        (
            "a sender after its claim, before the call",
            "nobody knows, so it is not sent again; in time it is shown as not confirmed",
            (f"{CRASHES}::test_a_sender_that_dies_before_the_call_sends_nothing_twice",),
        ),
        (
            "a sender after the call, before the answer is stored",
            "the statuses tell that it went, by the word that we sent along",
            (
                f"{CRASHES}::test_a_sender_that_dies_before_it_wrote_the_answer_is_told_by_the_statuses",
            ),
        ),
        (
            "web, door, worker and sweeper at random, under load",
            "nothing acknowledged is lost, doubled or misplaced, and no status falls",
            (KILL, SOAK),
        ),
        (
            "the leading sweeper",
            "the next one leads at once",
            (
                "tests/conversations/test_sweep_alone.py::test_a_leader_that_was_killed_is_followed_at_once",
            ),
        ),
        (
            "nothing is killed: every process is asked to end, under load",
            "it finishes or hands back what it holds; nothing is lost",
            (
                "tests/flows/test_restart.py::test_a_rolling_restart_under_load_loses_nothing",
                "tests/flows/test_restart.py::test_a_worker_that_ends_leaves_the_rest_to_the_next",
            ),
        ),
        (
            "two sweepers or more at once",
            "one leads; nothing is done twice",
            (
                "tests/faults/test_sweepers.py::test_of_several_sweepers_one_does_everything_once",
                f"{SWEEP}::test_one_leads_and_the_next_takes_over",
            ),
        ),
    ),
    *_of(
        "Redis",
        (
            "away, silent, full, slow (2 s), or coming and going four times in 4 s",
            "webhooks are taken, processed and answered, messages sent at a share of the pace",
            (f"{REDIS}::test_without_redis_everything_is_taken_in_and_sent",),
        ),
        (
            "killed and emptied under load, again and again",
            "nothing is lost or doubled; workers go on by themselves",
            (KILL, SOAK),
        ),
        (
            "forgets everything",
            "nothing is sent twice; pages check what they missed",
            (
                f"{REDIS}::test_a_redis_that_forgets_everything_in_the_middle_doubles_nothing",
                "tests/tenants/feed/test_live.py::test_pages_are_told_that_hints_stopped_and_to_check_when_they_are_back",
            ),
        ),
        (
            "takes connections and never answers",
            "nobody who tells a worker of something waits for it",
            ("tests/tenants/test_queue.py::test_a_broker_that_never_answers_holds_nobody_up",),
        ),
    ),
    *_of(
        "PostgreSQL",
        (
            "killed under load, and back",
            "503 while it is away, and WhatsApp comes again; nothing is lost or doubled",
            (KILL, SOAK, f"{JOURNAL}::test_without_a_database_it_is_a_503_until_there_is_one"),
        ),
        (
            "ends sessions in the middle",
            "the work of those sessions is done again, once",
            (
                f"{POSTGRES}::test_sessions_that_end_in_the_middle_lose_nothing",
                f"{JOURNAL}::test_a_session_that_died_meanwhile_costs_no_answer",
            ),
        ),
        (
            "ended the sessions that nobody used, as a restart does",
            "they are found out before they are used: no page fails",
            (f"{POSTGRES}::test_sessions_that_ended_while_nobody_used_them_fail_no_page",),
        ),
        (
            "has no room for another session",
            "the door says 503 until there is room",
            (f"{POSTGRES}::test_no_room_for_another_session_is_a_503_until_there_is",),
        ),
        (
            "only reads, after a switch-over",
            "503 until there is one that writes, without a restart",
            (f"{JOURNAL}::test_a_server_that_only_reads_is_left_for_one_that_writes",),
        ),
        (
            "is slow, or a tenant's tables are locked",
            "the door says 503 in time; other tenants go on",
            (
                f"{JOURNAL}::test_a_database_that_takes_too_long_is_a_503",
                f"{INBOUND_FAULTS}::test_a_tenant_that_is_locked_waits_and_the_others_go_on",
            ),
        ),
    ),
    *_of(
        "WhatsApp's Cloud API",
        (
            "refuses for now: 429, 500 or 503 with a code that says so",
            "the message goes later, in its order, not before the moment that was named",
            (f"{META}::test_what_is_refused_for_now_goes_later_in_its_order",),
        ),
        (
            "says that one customer gets too many",
            "that conversation waits, the others go",
            (f"{META}::test_a_customer_who_gets_too_many_delays_nobody_else",),
        ),
        (
            "takes the call and never answers",
            "the end is unknown; the number keeps no thread that another one needs",
            (
                f"{META}::test_a_number_whose_calls_hang_takes_no_thread_of_another",
                f"{CLIENT}::test_silence_may_have_sent_it",
            ),
        ),
        (
            "answers a byte at a time",
            "the whole call has a deadline; then the end is unknown",
            (f"{CLIENT}::test_a_byte_now_and_then_does_not_last_for_ever",),
        ),
        (
            "breaks off, or answers HTML, nothing, half of it, no id, 10 MB",
            "the end is unknown; the statuses tell, or a person decides; never sent twice",
            (
                f"{META}::test_what_may_have_been_sent_is_told_by_its_statuses",
                f"{META}::test_what_no_status_tells_of_is_left_to_a_person",
                f"{CLIENT}::test_an_answer_of_ten_megabytes_is_not_read_to_its_end",
            ),
        ),
        (
            "redirects",
            "refused; no token goes anywhere else",
            (
                f"{META}::test_a_redirect_is_not_followed",
                f"{CLIENT}::test_a_redirect_is_refused_and_the_token_stays_here",
            ),
        ),
        (
            "refuses the token in the middle of many",
            "one alert, the rest is held, and goes once there is another token",
            (
                f"{META}::test_a_token_that_dies_in_the_middle_holds_the_rest_until_there_is_another",
            ),
        ),
    ),
    *_of(
        "People decide meanwhile",
        (
            "a tenant is suspended while its messages leave and come",
            "at most what was claimed leaves; the rest waits, and both go on in order afterwards",
            (f"{META}::test_a_tenant_that_is_suspended_in_the_middle_stops_and_goes_on_both_ways",),
        ),
        (
            "a number moves to another tenant while its events wait",
            "none of them reaches the new tenant: they are parked",
            (f"{ROUTING}::test_a_number_that_moved_takes_nothing_held_along",),
        ),
        (
            "an operator loses the right to send",
            "what is queued fails with that reason",
            (f"{SENDING}::test_whoever_lost_the_right_to_send_sends_nothing",),
        ),
        (
            "units are replayed, discarded, sent on, held and forgotten, in any order",
            "the ledger misses none",
            ("tests/faults/test_ledger.py::test_nothing_is_unaccounted_after_any_step",),
        ),
    ),
    *_of(
        "What arrives",
        (
            "the same body a thousand times at once",
            "one message; the others are counted as duplicates",
            (f"{ARRIVALS}::test_the_same_body_a_thousand_times_at_once_is_one_message",),
        ),
        (
            "the same events in other batches",
            "one message each",
            (f"{ARRIVALS}::test_the_same_events_in_every_batching_are_one_message_each",),
        ),
        (
            "any order: messages, statuses, a status before our message is known",
            "the same thread, the highest status, the least time of each",
            (f"{ARRIVALS}::test_any_order_ends_in_the_same_thread_and_the_same_status",),
        ),
        (
            "a status for nobody's message among good ones",
            "the others are applied; it waits a day and is counted",
            (
                f"{ARRIVALS}::test_a_status_of_nobody_s_message_stops_none_of_the_others",
                "tests/conversations/test_inbound_statuses.py::test_orphans_are_kept_for_a_day_and_counted_on_their_number_for_ever",
            ),
        ),
        (
            "a body of sixty days ago, long forgotten",
            "its hash is known: nothing changes",
            (f"{ARRIVALS}::test_a_body_of_sixty_days_ago_is_known_again",),
        ),
        (
            "a time in the future, of 1970, negative, huge or no time",
            "it counts as the time of its arrival",
            (f"{ARRIVALS}::test_a_time_that_cannot_be_is_the_time_of_the_arrival",),
        ),
        (
            "our own clock is an hour off",
            "leases and times of arrival are PostgreSQL's",
            (f"{ARRIVALS}::test_a_wrong_clock_of_ours_neither_loses_nor_doubles",),
        ),
        (
            "a unit that breaks our code among good ones",
            "it is parked alone, and comes in after the repair",
            (
                f"{INBOUND_FAULTS}::test_a_poisonous_unit_is_parked_alone_and_comes_in_after_the_repair",
            ),
        ),
        (
            "a body that is too large, without a length, or never ends",
            "413 before it is read; nothing is stored",
            (
                f"{INGEST}::test_a_body_beyond_the_cap_is_read_to_the_cap_only",
                f"{SERVERS}::test_a_real_server_refuses_what_is_too_large",
                f"{SERVERS}::test_a_real_server_stores_nothing_of_a_sender_who_leaves",
            ),
        ),
        (
            "what is signed and no document: depth, size, encodings, noise",
            "200, kept byte for byte, parked; the API says 400",
            (
                "tests/flows/test_bad_input.py::test_what_is_signed_is_kept_and_accounted_for",
                f"{BODIES}::test_a_body_of_200_000_keys_and_one_that_is_zipped_stop_nobody",
                "tests/config/test_parsers.py::test_what_cannot_be_kept_or_is_ambiguous_is_refused",
            ),
        ),
        (
            "text that breaks programs, in any field, address, header or cookie",
            "kept, cleaned or refused; never an error of ours",
            (
                f"{BODIES}::test_a_webhook_that_says_it_everywhere_is_taken_in_and_can_be_looked_at",
                f"{BODIES}::test_a_page_that_is_asked_with_it_answers",
                f"{BODIES}::test_the_api_that_is_given_it_keeps_or_refuses_it",
            ),
        ),
        (
            "5,000 messages in one body",
            "taken in; the next worker takes what came behind it meanwhile",
            (f"{ARRIVALS}::test_a_body_of_5_000_messages_keeps_no_other_waiting",),
        ),
        (
            "a hundred times as much of one tenant",
            "the others have their turns",
            (f"{ARRIVALS}::test_a_flood_of_one_tenant_costs_the_others_a_few_turns",),
        ),
    ),
]
