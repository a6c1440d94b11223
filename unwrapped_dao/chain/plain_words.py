"""What a contract's error means to the person who met it: one sentence and one piece of advice each.

Errors that only a programmer can cause are not here; they are told by name. A test checks that every name here is an
error of a shipped contract and that every sentence uses its facts only.
"""

from __future__ import annotations

from typing import Any, Final

_SALE_STATES: Final = ("unknown", "offered", "approved", "settled", "refunded", "expired")
_POOL_STATES: Final = ("not open", "open", "announced for sealing", "closed", "sealed")
_PROPOSAL_STATES: Final = (
    "waiting for its vote to begin",
    "being voted on",
    "cancelled",
    "defeated",
    "accepted",
    "queued",
    "expired",
    "executed",
)

_PHASES: Final = (
    "that has no steps",
    "registering keys",
    "committing",
    "dealing",
    "complaining",
    "finishing",
    "starting again",
)

_WORDS: Final[dict[str, tuple[str, str]]] = {
    # membership
    "MemberUnknown": ("{account} is not a member.", "Join first (`unwrapped-dao member join`)."),
    "MemberAlreadyJoined": ("{account} is a member already.", "Nothing needs to be done."),
    "MemberHasLeft": ("{account} has left the collective.", "Join again; the old member number comes back."),
    "MembershipLocked": ("A membership cannot be given away.", "Each address joins by itself."),
    # contributions and pools
    "PoolNotOpen": (
        "This epoch takes no contributions; it is {have:pool}.",
        "Wait until the next epoch is opened (`unwrapped-dao pool list`).",
    ),
    "PoolStateWrong": (
        "The pool is {have:pool}, and this is possible only while it is {needed:pool}.",
        "See `unwrapped-dao pool list`.",
    ),
    "PoolTooYoung": (
        "The pool is too young to announce its seal.",
        "It can be announced from second {announceableAt} on.",
    ),
    "PoolTooLight": (
        "The pool holds {have} share points, and needs {needed}.",
        "Wait for more contributions, or let a vote announce the seal.",
    ),
    "ContributionMissing": ("{member} has no contribution in this pool.", "See `unwrapped-dao member status`."),
    "ContributionVersionWrong": (
        "The contribution carries version {have}, the next one is {needed}.",
        "Another command has contributed meanwhile; run this one again.",
    ),
    "FingerprintUsed": (
        "This very history was contributed already.",
        "Contribute your own export; each history counts once.",
    ),
    "AlreadyWithdrawn": ("You have withdrawn from this pool already.", "Nothing needs to be done; it is final."),
    "AttestationExpired": ("The validators' attestations have expired.", "Contribute again; they will check it anew."),
    "AttestationsTooFew": ("The contribution has {have} attestations and needs {needed}.", "Choose more validators."),
    "ValidatorUnknown": ("{signer} is not a validator of this collective.", "Choose current validators."),
    "ValidatorCapReached": (
        "The validator {validator} has reached its {cap} attestations of today.",
        "Choose another validator, or try again tomorrow.",
    ),
    "GenerationUnusable": ("The committee's key of this pool was retired.", "Wait for an epoch under a new key."),
    "LeafOutOfRange": (
        "Member number {number} does not fit this pool's tree.",
        "Wait for an epoch with a taller tree.",
    ),
    "HeartbeatStale": ("The heartbeat is of week {week}; this is week {thisWeek}.", "Ask a custodian for a fresh one."),
    "HeartbeatInvalid": ("The heartbeat is not signed by the committee's key.", "Ask a custodian for a fresh one."),
    # offers and sales
    "OfferPriceZero": ("An offer needs a price above zero.", "Give the price in base units of the currency."),
    "OfferPoolNotSealed": ("This pool is not sealed yet.", "Only sealed pools are for sale (`buyer catalogue`)."),
    "OfferPurposeNotAllowed": (
        "Members of this pool did not agree to that purpose.",
        "See the pool's purposes with `unwrapped-dao buyer inspect`.",
    ),
    "OfferExpiresInPast": ("The offer would have expired before it was made.", "Give a later time."),
    "OfferExists": ("This very offer was made already.", "Nothing was paid twice; see `unwrapped-dao proposal list`."),
    "OfferGenerationNotActive": ("The committee's key of this pool was retired.", "Offer for a pool under a new key."),
    "OfferBuyerNotCaller": ("An offer is made by its own buyer.", "Use the buyer's account."),
    "BuyerKeyInvalid": ("The buyer's key is not a valid pair.", "Let this program make the key."),
    "CurrencyNotAllowed": ("This collective takes no offers in {currency}.", "See `unwrapped-dao collective status`."),
    "EscrowAmountWrong": (
        "{received} base units arrived, and the price is {price}.",
        "Send exactly the price; a token that keeps a fee cannot be used.",
    ),
    "ERC20InsufficientBalance": ("The account holds {balance} base units and needs {needed}.", "Fund it first."),
    "ERC20InsufficientAllowance": (
        "The splitter may take {allowance} base units and needs {needed}.",
        "Allow the price to the splitter first.",
    ),
    "SaleStateWrong": (
        "The sale is {have:sale}, and this is possible only while it is {needed:sale}.",
        "See it with `unwrapped-dao buyer catalogue`. Out of later sales of its pool: `unwrapped-dao member withdraw`.",
    ),
    "SaleNotExpired": (
        "The offer stands until second {executeBefore} of the chain's time.",
        "Take it back after that.",
    ),
    "SaleNotRefundable": ("The sale can be refunded from second {refundableAt} on.", "Wait, or receive the delivery."),
    "AlreadyOptedOut": ("You have opted out of this sale already.", "Nothing needs to be done; it is final."),
    "NotAContributor": ("{member} contributed nothing to this pool.", "Only contributors can opt out of its sales."),
    "ExclusionsNotFixed": ("The list of excluded members is not fixed yet.", "Fix it first (`custodian run` does)."),
    "DeliveryInvalid": (
        "The delivered key is not the right one for this buyer and pool; no money moved.",
        "Deliver the committee's own node keys.",
    ),
    # the committee's board
    "PhaseWrong": (
        "The key generation {generation} is at the step {have:phase}; this is for the step {needed:phase}.",
        "See `unwrapped-dao custodian status`.",
    ),
    "StepRepeated": ("Custodian {index} has done this step already.", "Nothing needs to be done."),
    "ReadyRepeated": ("Custodian {index} has said READY for this sale already.", "Nothing needs to be done."),
    "CommitteeCallerRefused": (
        "{caller} is not a custodian of this generation.",
        "Use the account that is listed in `unwrapped-dao collective status`.",
    ),
    "DealNotCommitted": (
        "This is not the deal that dealer {dealer} committed to.",
        "Deal from the workspace in which the commitment was made.",
    ),
    "SecretNotShare": (
        "Dealer {dealer} deals another secret than its share of the key.",
        "Restore the keyfile of the share that is to be reshared.",
    ),
    "ComplaintUnfounded": (
        "The share that dealer {dealer} dealt to custodian {complainer} is right.",
        "Nothing was lost; go on with the key generation.",
    ),
    "ShareKeysInvalid": (
        "The published share keys do not fit what was dealt; the key was not activated.",
        "Check each against the deals (`custodian run` does), and finish with right ones.",
    ),
    "KeyChanged": ("This resharing would change the key of generation {source}.", "A resharing keeps its key."),
    # money
    "NothingToClaim": ("Nothing is due to {member} now.", "Money comes with the next settled sale you take part in."),
    "NothingToPay": ("Nothing is due to {account} in this currency.", "See `unwrapped-dao collective status`."),
    "PaymentFailed": (
        "The payment to {to} failed, so nothing was changed.",
        "Register another payout address, and claim again.",
    ),
    "TreasuryTooSmall": ("The treasury holds {have} base units, {needed} were asked for.", "Propose a smaller amount."),
    # votes
    "BallotRepeated": ("{voter} has voted on this proposal already.", "A ballot counts once and cannot be changed."),
    "VoterWithoutVote": (
        "{voter} had no vote when this proposal's snapshot was taken.",
        "Only members with a live contribution at the snapshot vote; the next proposal is yours.",
    ),
    "GovernorInsufficientProposerVotes": (
        "{proposer} has no vote, and proposing needs one.",
        "Contribute first, and wait until the membership has settled.",
    ),
    "GovernorNonexistentProposal": ("There is no such proposal.", "See `unwrapped-dao proposal list`."),
    "GovernorUnexpectedProposalState": (
        "The proposal is {current:proposal}.",
        "See what comes next with `unwrapped-dao proposal show`.",
    ),
    "CallNotAllowed": ("No vote may ever make this call.", "See what may be voted with `collective verify`."),
    "ApprovalNotAlone": ("A proposal that approves sales may do nothing else.", "Make two proposals of it."),
    "ProposedSaleNotOffered": (
        "A sale is voted on from its offer to its approval only, and this one is {have:sale}.",
        "Make the offer first: members must have time to opt out of it.",
    ),
    "ActiveMembersTooFew": (
        "Only {have} members are active, and nothing executes below {needed}.",
        "Wait for more members to contribute.",
    ),
    "TimelockUnexpectedOperationState": (
        "The proposal's waiting time is not over, or it was executed already.",
        "See `unwrapped-dao proposal show`.",
    ),
}

_STATES: Final = {"sale": _SALE_STATES, "pool": _POOL_STATES, "proposal": _PROPOSAL_STATES, "phase": _PHASES}


class _Fact:
    """A fact of an error that may be formatted as a state: `{have:sale}`."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __format__(self, states: str) -> str:
        if states:
            names = _STATES[states]
            return names[self._value] if self._value < len(names) else str(self._value)
        return f"0x{self._value.hex()}" if isinstance(self._value, bytes) else str(self._value)


def known() -> frozenset[str]:
    """The errors that have plain words."""
    return frozenset(_WORDS)


def plain_words(error: str, facts: dict[str, Any]) -> tuple[str, str] | None:
    """(sentence, advice) for a contract's error; None for one that is told by name."""
    found = _WORDS.get(error)
    if found is None:
        return None
    sentence, advice = found
    shown = {name.rstrip("_"): _Fact(value) for name, value in facts.items()}
    return sentence.format(**shown), advice.format(**shown)
