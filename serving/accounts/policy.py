"""The settings of the rules of accounts: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

# How long an invitation can be accepted.


@dataclass(frozen=True, slots=True)
class InvitationPolicy:
    """Settings of invitations."""

    # A week spans a holiday and a weekend; a link that stays in a mailbox longer is a growing risk. Ours.
    valid_days: int = 7
    # A stolen lead account could otherwise invite accounts and confirm with them at once. In a day the brand's people
    # and the marketplace see the invitation, and the lead is asked. Ours.
    colleague_confirms_after_hours: int = 24
    # A stolen administrator's session could otherwise invite three analysts and remove with them within the hour. Ours.
    analyst_removes_after_hours: int = 24


DEFAULT_INVITATIONS: Final = InvitationPolicy()


# How long a password reset link is valid.


@dataclass(frozen=True, slots=True)
class ResetLinkPolicy:
    """Settings of reset links."""

    # The person who requested the link is waiting for it. The link opens an existing account, so its lifetime is
    # shorter than an invitation's. OWASP asks for "an appropriate period" and names none. Ours.
    valid_hours: int = 24


DEFAULT_RESET_LINKS: Final = ResetLinkPolicy()


# How many wrong passwords are allowed before the next one must wait.


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many attempts at once, and so many an hour after that."""

    burst: int
    an_hour: int

    @property
    def each(self) -> timedelta:
        """The time in which the rate allows one attempt."""
        return timedelta(hours=1) / self.an_hour


@dataclass(frozen=True, slots=True)
class GuessingPolicy:
    """Settings of `serving.accounts.rules.passwords`, one for each counter of wrong passwords."""

    # One account from one address: five are more than a person mistypes. A guesser at one address stays below the
    # account's own counter, so that its owner can sign in from another address.
    account_and_address: Allowance = Allowance(burst=5, an_hour=8)
    # One account from everywhere: at most twenty an hour, with any number of addresses. ASVS 6.3.1.
    account: Allowance = Allowance(burst=10, an_hour=10)
    # One account from a browser in which its owner has signed in. It takes the place of all other counters, so that
    # an attack from elsewhere does not keep the owner out.
    device: Allowance = Allowance(burst=10, an_hour=10)
    # One address for all accounts: an office of some hundred people has one address.
    address: Allowance = Allowance(burst=50, an_hour=50)
    # Everybody together: a guesser who tries one password on each of many accounts, from many addresses.
    service: Allowance = Allowance(burst=500, an_hour=500)
    # Proofs in one session, which ends with the last wrong one: codes and the current password. Five are more than a
    # person mistypes. The codes of a known browser have a counter of the same size.
    session: Allowance = Allowance(burst=5, an_hour=5)
    # Codes of an app at sign-ins in unknown browsers, by account. Somebody with the password tries at most 58 on the
    # first day and 48 on each later one. Three codes of a million are right at a time (`drift_steps`), so the chance is
    # 1 in 5,700 for the first day, and 5 % for a year of days. Passkeys and recovery codes do not count here.
    codes: Allowance = Allowance(burst=10, an_hour=2)
    # An owner who is refused in a new browser gets one mail in this time, so that a guesser fills no mailbox.
    mail_hours: int = 24
    # Browsers limit cookies to 400 days. A person who is on leave for half a year can sign in as on the first day.
    device_days: int = 180
    # A program runs where it ran a month ago. Ours.
    key_network_days: int = 28


DEFAULT_GUESSING: Final = GuessingPolicy()


# How long keys and signing secrets are valid, and which of them end with their maker.


@dataclass(frozen=True, slots=True)
class SecretPolicy:
    """Settings of API keys and of the secrets that sign webhook messages."""

    # Somebody has forgotten a key that nobody replaces in half a year. Ours.
    valid_days: int = 180
    # The longest validity of a key, and the age at which a signing secret should be rotated. It still signs afterwards,
    # as removals would otherwise stop. Ours.
    longest_days: int = 365
    # What a thief has made is new. Systems use what is older, and an administrator knows them. Ours.
    recent_days: int = 7
    # A last use of today tells a key in use from a forgotten one. More often would be a write for many requests. Ours.
    use_noted_hours: int = 24


DEFAULT_SECRETS: Final = SecretPolicy()


# How second factors are proved, and for how long a proof holds.


@dataclass(frozen=True, slots=True)
class SecondFactorPolicy:
    """Settings of second factors."""

    # A stolen session or password could otherwise enrol a factor of its own and use it at once. In a day the owner
    # reads the mail about it. Ours.
    counts_after_hours: int = 24
    # A first factor waits so long for its owner to open the mailed link, as a password link does.
    link_hours: int = 24
    # A bulk act, or a change of the factors themselves, follows its proof directly; a longer time would serve somebody
    # at an unattended screen. Ours; ASVS 7.5.1 asks for a proof before each such change and names no time.
    fresh_minutes: int = 10
    # The time between the password and the second factor: enough to fetch a phone.
    sign_in_minutes: int = 10
    # WebAuthn, Level 3, section 5.4: five minutes where the user is verified.
    challenge_minutes: int = 5
    # Codes of the step before and the step after count too, as clocks of phones drift (RFC 6238, section 5.2).
    drift_steps: int = 1
    # The usual number: enough for a lost phone and a forgotten one. NIST SP 800-63B 5.1.2 names none.
    recovery_codes: int = 10
    # A phone, a computer and a key, each replaced once.
    most_factors: int = 6


DEFAULT_SECOND_FACTORS: Final = SecondFactorPolicy()

# From when a signing key counts, how old a signature may be, and which signed reports wait.


@dataclass(frozen=True, slots=True)
class ServiceAccountPolicy:
    """Settings of `serving.accounts.rules.signing`."""

    # As `SecondFactorPolicy.counts_after_hours`: a thief could otherwise register a key and use it at once. In a day
    # the people of the brand read the mail about it. Ours.
    key_counts_after_hours: int = 24
    # How old a signature may be. A nonce is kept as long, so a recorded request is refused. RFC 9421, section 7.2.2,
    # asks for a limit and names none.
    signature_seconds: int = 300
    # One for each of a brand's programs; more are hard to keep an overview of. Ours.
    most_accounts: int = 10
    # The key in use, and the one that follows it.
    most_keys: int = 2
    # A day with more than so many times the usual one waits for a person: a contract's figure says what may come, and
    # the record what does. Ours.
    times_usual: float = 2.0
    # Whether messages about reports may go to this machine itself: for tests.
    callbacks_on_loopback: bool = False


DEFAULT_SERVICE_ACCOUNTS: Final = ServiceAccountPolicy()

DEFAULTS: Final = (
    DEFAULT_INVITATIONS,
    DEFAULT_RESET_LINKS,
    DEFAULT_GUESSING,
    DEFAULT_SECOND_FACTORS,
    DEFAULT_SECRETS,
    DEFAULT_SERVICE_ACCOUNTS,
)
