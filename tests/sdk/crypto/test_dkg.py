"""Key generation without a chain: any t shares are the key, t - 1 say nothing; wrong ones are refused."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unwrapped_dao.crypto import dkg, shamir
from unwrapped_dao.crypto.bn254 import G2_INFINITY, P1, P2, BackendName, G1Point, R
from unwrapped_dao.crypto.committee import Board, CommitteeKey
from unwrapped_dao.crypto.complaint import complain
from unwrapped_dao.crypto.dkg import Dealing, PublicKeys, SchnorrProof, ShareKey, VerifiedDeal
from unwrapped_dao.crypto.feldman import Polynomial, PublicPolynomial, weighted_sum
from unwrapped_dao.crypto.keys import SecretScalar
from unwrapped_dao.errors import DealError, InputError, PointError

BOARD = Board.of(1337, "0x" + "c0" * 20, 1)
NEXT = Board.of(1337, "0x" + "c0" * 20, 2)
SHAPES = ((3, 5), (5, 9))


class Committee:
    """A generation whose dealers and receivers all keep to the rules."""

    def __init__(
        self, threshold: int, count: int, *, board: Board = BOARD, source: Committee | None = None, dealers: int = 0
    ) -> None:
        self.threshold, self.board = threshold, board
        self.keys = {j: SecretScalar.generate() for j in range(1, count + 1)}
        self.public = {j: P1 * key.to_secret_int() for j, key in self.keys.items()}
        shares = source.shares if source else dict.fromkeys(self.keys)
        self.dealings: dict[int, Dealing] = {
            i: dkg.make_deal(
                board, i, SecretScalar.generate(), threshold=threshold, receivers=self.public, own_share=own
            )
            for i, own in list(shares.items())[: dealers or None]
        }
        self.verified = [self.verify(i) for i in self.dealings]
        resharing = source is not None
        self.shares = {
            j: dkg.share_secret([v.open(j, key) for v in self.verified], resharing=resharing)
            for j, key in self.keys.items()
        }
        self.polynomial = dkg.public_polynomial(self.verified, resharing=resharing)

    def verify(self, dealer: int) -> VerifiedDeal:
        deal = self.dealings[dealer].deal
        return deal.verify(self.board, dealer, threshold=self.threshold, receivers=len(self.keys))

    def public_keys(self, *published: int) -> PublicKeys:
        verified = [dkg.share_key(j, self.shares[j]).verify(self.polynomial) for j in published]
        return dkg.complete_share_keys(verified, self.threshold, len(self.keys))


@pytest.fixture(scope="module", params=SHAPES, ids=lambda shape: f"{shape[0]}-of-{shape[1]}")
def committee(request: pytest.FixtureRequest) -> Committee:
    return Committee(*request.param)


@pytest.fixture(scope="module")
def five() -> Committee:
    return Committee(3, 5)


# --- any t, and no fewer ----------------------------------------------------------------------------------------------


def test_every_quorum_gives_the_one_key(committee: Committee) -> None:
    t, n = committee.threshold, len(committee.keys)
    secrets = {
        shamir.combine({j: committee.shares[j] for j in quorum}).to_secret_int()
        for quorum in combinations(range(1, n + 1), t)
    }
    (x,) = secrets
    CommitteeKey(committee.polynomial.points[0], P2 * x)  # X and Y of this x


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_t_share_keys_give_all_others(committee: Committee, data: st.DataObject) -> None:
    t, n = committee.threshold, len(committee.keys)
    published = data.draw(st.lists(st.integers(1, n), min_size=t, max_size=n, unique=True))
    keys = committee.public_keys(*published)
    assert keys.share_keys == tuple(P2 * committee.shares[j].to_secret_int() for j in range(1, n + 1))
    assert P2 * shamir.combine(committee.shares).to_secret_int() == keys.Y


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_fewer_than_t_shares_are_consistent_with_every_secret(committee: Committee, data: st.DataObject) -> None:
    """t - 1 shares and any number as the secret lie on a polynomial of the right degree: they exclude nothing."""
    t, n = committee.threshold, len(committee.keys)
    known = data.draw(st.lists(st.integers(1, n), min_size=t - 1, max_size=t - 1, unique=True))
    claimed = data.draw(st.integers(1, R - 1))
    points = {j: committee.shares[j].to_secret_int() for j in known} | {0: claimed}

    def interpolated(at: int) -> int:
        total = 0
        for j, value in points.items():
            term = value
            for m in points:
                if m != j:
                    term = term * (at - m) * pow(j - m, -1, R) % R
            total += term
        return total % R

    others = [j for j in range(1, n + 1) if j not in known]
    completed = points | {j: interpolated(j) for j in others}
    for quorum in combinations(range(1, n + 1), t):
        weights = shamir.lagrange_at_zero(quorum)
        assert sum(weights[j] * completed[j] for j in quorum) % R == claimed


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_what_fewer_than_t_shares_combine_to_is_not_the_key(committee: Committee, data: st.DataObject) -> None:
    t, n = committee.threshold, len(committee.keys)
    few = data.draw(st.lists(st.integers(1, n), min_size=1, max_size=t - 1, unique=True))
    guess = shamir.combine({j: committee.shares[j] for j in few})
    assert P1 * guess.to_secret_int() != committee.polynomial.points[0]


def test_too_few_share_keys_complete_nothing(five: Committee) -> None:
    verified = [dkg.share_key(j, five.shares[j]).verify(five.polynomial) for j in (1, 2)]
    for wrong in (verified, [], [verified[0]] * 3):
        with pytest.raises(InputError):
            dkg.complete_share_keys(wrong, 3, 5)


def test_both_curve_libraries_form_a_key(curve: BackendName) -> None:
    small = Committee(2, 3)
    keys = small.public_keys(1, 3)
    CommitteeKey(small.polynomial.points[0], keys.Y)


# --- resharing --------------------------------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(shape=st.integers(1, 6).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n))), dealers=st.integers(3, 5))
def test_resharing_to_any_shape_keeps_the_key(five: Committee, shape: tuple[int, int], dealers: int) -> None:
    """Whatever number of old custodians from three on deals."""
    reshared = Committee(*shape, board=NEXT, source=five, dealers=dealers)
    assert reshared.polynomial.points[0] == five.polynomial.points[0]
    keys = reshared.public_keys(*range(1, shape[0] + 1))
    assert keys.Y == five.public_keys(1, 2, 3).Y


def test_a_dealer_of_a_resharing_deals_its_own_share(five: Committee) -> None:
    deal = dkg.make_deal(
        NEXT, 2, SecretScalar.generate(), threshold=2, receivers=five.public, own_share=five.shares[2]
    ).deal
    deal.verify(NEXT, 2, threshold=2, receivers=5, constant=five.polynomial.at(2))
    with pytest.raises(DealError, match="another secret"):
        deal.verify(NEXT, 2, threshold=2, receivers=5, constant=five.polynomial.at(3))


# --- deals ------------------------------------------------------------------------------------------------------------


def test_the_same_seed_deals_the_same_again(five: Committee) -> None:
    """A dealer that was killed after it committed opens the same commitment; elsewhere the seed gives another deal."""
    seed = SecretScalar.generate()

    def deal(board: Board, dealer: int = 1) -> Dealing:
        return dkg.make_deal(board, dealer, seed, threshold=3, receivers=five.public)

    first = deal(BOARD)
    assert deal(BOARD) == first
    assert deal(BOARD).deal.commitment(BOARD, 1, first.salt) == first.deal.commitment(BOARD, 1, first.salt)
    for other in (deal(NEXT), deal(BOARD, 2)):
        assert not set(other.deal.commitments.points) & set(first.deal.commitments.points)
        assert other.deal.E != first.deal.E
        assert other.salt != first.salt


def test_words_make_the_same_deal(five: Committee) -> None:
    deal = five.dealings[1].deal
    assert dkg.Deal.from_words(*deal.words) == deal


def test_a_commitment_names_dealer_board_and_salt(five: Committee) -> None:
    deal, salt = five.dealings[1].deal, five.dealings[1].salt
    made = {
        deal.commitment(BOARD, 1, salt),
        deal.commitment(BOARD, 2, salt),
        deal.commitment(NEXT, 1, salt),
        deal.commitment(Board.of(1, "0x" + "c0" * 20, 1), 1, salt),
        deal.commitment(Board.of(1337, "0x" + "c1" * 20, 1), 1, salt),
        deal.commitment(BOARD, 1, bytes(32)),
        replace(deal, E=P1).commitment(BOARD, 1, salt),
        replace(deal, shares=(*deal.shares[:4], 1)).commitment(BOARD, 1, salt),
        replace(deal, commitments=five.dealings[2].deal.commitments).commitment(BOARD, 1, salt),
    }
    assert len(made) == 9


def test_an_ephemeral_is_its_dealers_own(five: Committee) -> None:
    """Copied, scaled, or from elsewhere."""
    theirs, mine = five.dealings[2].deal, five.dealings[1].deal
    scaled = SchnorrProof(theirs.proof.T * 2, theirs.proof.s * 2 % R)
    for wrong in (
        replace(mine, E=theirs.E, proof=theirs.proof),
        replace(mine, E=theirs.E * 2, proof=scaled),
        replace(mine, proof=replace(mine.proof, s=mine.proof.s + R)),
        replace(mine, proof=replace(mine.proof, T=-mine.proof.T)),
    ):
        with pytest.raises(DealError, match="ephemeral"):
            wrong.verify(BOARD, 1, threshold=3, receivers=5)
    for board, dealer in ((NEXT, 1), (BOARD, 2)):
        with pytest.raises(DealError, match="ephemeral"):
            mine.verify(board, dealer, threshold=3, receivers=5)


def test_deals_of_another_shape(five: Committee) -> None:
    for threshold, receivers in ((2, 5), (4, 5), (3, 4), (3, 6)):
        with pytest.raises(DealError, match="another committee"):
            five.dealings[1].deal.verify(BOARD, 1, threshold=threshold, receivers=receivers)
    for threshold, receivers in ((0, five.public), (6, five.public), (1, {}), (1, {2: P1})):
        with pytest.raises(InputError):
            dkg.make_deal(BOARD, 1, SecretScalar.generate(), threshold=threshold, receivers=receivers)


def test_points_that_are_none_make_no_deal(five: Committee) -> None:
    c, e, t, s, shares = five.dealings[1].deal.words
    for bad in ((0, 0), (1, 3)):
        for wrong in (((bad, *c[1:]), e, t, s, shares), (c, bad, t, s, shares), (c, e, bad, s, shares)):
            with pytest.raises(PointError):
                dkg.Deal.from_words(*wrong)


def test_a_wrong_share_is_refused_by_its_receiver_alone(five: Committee) -> None:
    deal = five.dealings[1].deal
    wrong = replace(deal, shares=(*deal.shares[:3], deal.shares[3] ^ 1, deal.shares[4]))
    verified = wrong.verify(BOARD, 1, threshold=3, receivers=5)
    verified.open(3, five.keys[3])
    with pytest.raises(DealError, match="dealer 1 dealt to custodian 4"):
        verified.open(4, five.keys[4])


def test_a_share_is_read_with_its_receivers_key_alone(five: Committee) -> None:
    for other in (1, 3, 4, 5):
        with pytest.raises(DealError):
            five.verified[0].open(2, five.keys[other])


def test_shares_of_several_custodians_are_not_combined(five: Committee) -> None:
    own = [v.open(1, five.keys[1]) for v in five.verified]
    for wrong in ([], [*own[:4], five.verified[4].open(2, five.keys[2])], [*own, own[0]]):
        with pytest.raises(InputError):
            dkg.share_secret(wrong)
    with pytest.raises(InputError):
        dkg.public_polynomial([five.verified[0]] * 2)


# --- keys -------------------------------------------------------------------------------------------------------------


def test_an_encryption_key_is_proven_for_one_custodian_of_one_board() -> None:
    secret = SecretScalar.generate()
    key, proof = P1 * secret.to_secret_int(), dkg.prove_encryption_key(secret, BOARD, 3)
    dkg.verify_encryption_key(key, proof, BOARD, 3)
    assert dkg.prove_encryption_key(secret, BOARD, 3) == proof  # killed, it says the same again
    assert dkg.prove_encryption_key(secret, NEXT, 3).T != proof.T  # else two challenges of one nonce gave k away
    for other, board, index in ((key, BOARD, 2), (key, NEXT, 3), (key + P1, BOARD, 3), (-key, BOARD, 3)):
        with pytest.raises(DealError):
            dkg.verify_encryption_key(other, proof, board, index)


def test_share_keys_that_do_not_match(five: Committee) -> None:
    own = dkg.share_key(2, five.shares[2])
    for wrong in (replace(own, Y=own.Y + P2), replace(own, Y=-own.Y), ShareKey(3, own.Y), replace(own, Y=G2_INFINITY)):
        with pytest.raises(DealError, match="custodian"):
            wrong.verify(five.polynomial)


# --- polynomials and secrets ------------------------------------------------------------------------------------------


def test_polynomials_have_terms_of_one_degree() -> None:
    with pytest.raises(InputError):
        Polynomial([])
    with pytest.raises(InputError):
        PublicPolynomial(())
    with pytest.raises(InputError):
        weighted_sum({1: PublicPolynomial((P1,)), 2: PublicPolynomial((P1, P1))}, {1: 1, 2: 1})


def test_nothing_secret_is_shown(five: Committee) -> None:
    polynomial = Polynomial([SecretScalar(7), SecretScalar(9)])
    share = five.verified[0].open(1, five.keys[1])
    for secret in (polynomial, share):
        assert repr(secret) == f"<{type(secret).__name__}: secret>"
        with pytest.raises(TypeError):
            str(secret)
    assert len(polynomial.to_secret_bytes()) == 64


# --- complaints -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def accused(five: Committee) -> VerifiedDeal:
    """Dealer 1 dealt custodian 4 a wrong share."""
    deal = five.dealings[1].deal
    wrong = replace(deal, shares=(*deal.shares[:3], deal.shares[3] ^ 1, deal.shares[4]))
    return wrong.verify(BOARD, 1, threshold=3, receivers=5)


def test_a_complaint_shows_the_wrong_share_and_proves_it(five: Committee, accused: VerifiedDeal) -> None:
    complain(accused, 4, five.keys[4]).verify(accused, five.public[4])


def test_an_honest_dealer_is_not_complained_about(five: Committee, accused: VerifiedDeal) -> None:
    for verified, index in ((accused, 3), (five.verified[1], 4)):
        with pytest.raises(DealError, match="is right"):
            complain(verified, index, five.keys[index])


def test_a_complaint_against_another_deal_is_unfounded(five: Committee, accused: VerifiedDeal) -> None:
    complaint = complain(accused, 4, five.keys[4])
    with pytest.raises(DealError, match="unfounded"):
        complaint.verify(five.verified[0], five.public[4])  # the same ephemeral, the right share


def test_a_complaint_cannot_show_another_point(five: Committee, accused: VerifiedDeal) -> None:
    complaint = complain(accused, 4, five.keys[4])
    for wrong in (
        replace(complaint, Z=complaint.Z + P1),
        replace(complaint, Z=-complaint.Z),
        replace(complaint, c=(complaint.c + 1) % R),
        replace(complaint, s=complaint.s + R),
        replace(complaint, index=3),
    ):
        with pytest.raises(DealError):
            wrong.verify(accused, five.public[4])
    stranger: G1Point = P1 * 5
    with pytest.raises(DealError, match="another key"):
        complaint.verify(accused, stranger)


# --- attacks ----------------------------------------------------------------------------------------------------------


def test_a_complaint_is_of_its_generation_dealer_and_board_alone(five: Committee, accused: VerifiedDeal) -> None:
    """Even if the very same deal stood elsewhere, to the same keys."""
    complaint = complain(accused, 4, five.keys[4])
    elsewhere = Board.of(1, "0x" + "c0" * 20, 1)
    other_contract = Board.of(1337, "0x" + "c1" * 20, 1)
    for board, dealer in ((NEXT, 1), (elsewhere, 1), (other_contract, 1), (BOARD, 2)):
        moved = VerifiedDeal(board, dealer, accused.deal)
        with pytest.raises(DealError, match="does not prove"):
            complaint.verify(moved, five.public[4])


def test_a_dealer_who_deals_wrongly_to_itself_harms_itself_alone(five: Committee) -> None:
    deal = five.dealings[1].deal
    wrong = replace(deal, shares=(deal.shares[0] ^ 1, *deal.shares[1:]))
    bad = wrong.verify(BOARD, 1, threshold=3, receivers=5)
    with pytest.raises(DealError, match="dealer 1 dealt to custodian 1"):
        bad.open(1, five.keys[1])
    deals = [bad, *five.verified[1:]]
    polynomial = dkg.public_polynomial(deals)
    shares = {j: dkg.share_secret([v.open(j, five.keys[j]) for v in deals]) for j in (2, 3, 4, 5)}
    keys = dkg.complete_share_keys([dkg.share_key(j, shares[j]).verify(polynomial) for j in (3, 4, 5)], 3, 5)
    assert keys == five.public_keys(1, 2, 3)  # its share key too, whose secret it cannot know from what it dealt


def test_two_dealers_whose_secrets_cancel_still_leave_an_honest_ones_key(five: Committee) -> None:
    """f and -f add nothing: what is left is the third dealer's polynomial."""
    minus = PublicPolynomial(tuple(-point for point in five.verified[0].deal.commitments.points))
    opposite = VerifiedDeal(BOARD, 2, replace(five.verified[1].deal, commitments=minus))
    left = dkg.public_polynomial([five.verified[0], opposite, five.verified[2]])
    assert left == five.verified[2].deal.commitments
    alone = dkg.public_polynomial([five.verified[0], opposite])
    with pytest.raises(PointError, match="infinity"):  # without an honest dealer no key comes of it
        PublicPolynomial.from_words(alone.words)


@pytest.mark.parametrize("place", [0, 1, 2], ids=["no secret", "a lower degree in the middle", "a lower degree"])
def test_a_polynomial_with_a_zero_is_no_deal(five: Committee, place: int) -> None:
    words = list(five.dealings[1].deal.commitments.words)
    words[place] = (0, 0)
    with pytest.raises(PointError, match="infinity"):
        PublicPolynomial.from_words(words)
