// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Offers, opt-outs, exclusion, delivery: states, no money
/// @notice saleId = keccak256(abi.encode(keccak256("unwrapped-dao/sale/v1"), chainId, market, Offer)).
///
/// | from     | to       | by                                                                                     |
/// |----------|----------|----------------------------------------------------------------------------------------|
/// | None     | Offered  | `offer`: the buyer, escrowing the price                                                 |
/// | Offered  | Approved | `approve`: the timelock; skips with an event and a reason what does not fit             |
/// | Offered  | Expired  | `expire`: anyone after executeBefore; the buyer is credited                             |
/// | Approved | Settled  | `deliver`: anyone; the call that completes the cover                                    |
/// | Approved | Refunded | `refund`: anyone from refundableAt on; `fixExcluded` if too little weight is eligible    |
///
/// Exclusion: a leaf is excluded from an approved sale iff 0 < its withdrawal ordinal <= the sale's stored withdrawals, or
/// 0 < its opt-out ordinal <= the stored opt-outs. The list is fixed once and decides both keys and money.
///
/// Delivery: the cover is unique, the maximal nodes of the height-H tree that contain no excluded leaf and start below n.
/// From approval on nothing but the equations can make a complete delivery revert: no token, callback or mutable parameter.
///
/// READY is said to the key committee; `deliver` never reads it. Reserved for later: listings (`listingId` must be 0 today).
interface IDataMarket {
    enum SaleState {
        None,
        Offered,
        Approved,
        Settled,
        Refunded,
        Expired
    }

    /// @notice Why `approve` skipped a sale; it keeps its state.
    enum SkipReason {
        NotOffered,
        PastExecuteBefore,
        TooManyExcluded,
        TooLittleWeight,
        GenerationNotActive
    }

    /// @notice Why an opt-out of a batch was not counted. The others of its batch were.
    enum OptOutSkipReason {
        Expired,
        SignerNotAMember,
        NotAContributor,
        Repeated
    }

    /// @notice An opt-out as its member signed it. It names nobody: the signature does.
    /// @param expiry Seconds. @param r First half of the signature (64 bytes, EIP-2098, low s). @param vs Second half.
    struct SignedOptOut {
        uint64 expiry;
        bytes32 r;
        bytes32 vs;
    }

    /// @param price Base units of `currency` (address 0: wei). All of it is escrowed.
    /// @param purpose keccak256(utf8 name); must be a purpose of the scope.
    /// @param terms keccak256 of the licence terms.
    /// @param executeBefore Seconds; the last moment of approval.
    /// @param listingId 0 (listings are reserved).
    /// @param B1 Buyer key b·P1. @param B2 b·P2.
    struct Offer {
        address buyer;
        bytes32 scopeId;
        uint64 epoch;
        address currency;
        uint96 price;
        bytes32 purpose;
        bytes32 terms;
        uint64 minEligibleWeight;
        uint48 executeBefore;
        bytes32 listingId;
        uint256[2] B1;
        uint256[4] B2;
        uint64 nonce;
    }

    /// @notice What is stored of a sale: one slot from the offer on (up to poolIndex), one more from approval on.
    /// @param optOuts Running opt-outs; from approval on the stored counter.
    /// @param withdrawals The pool's withdrawals at approval.
    /// @param eligibleWeight 0 until exclusions are fixed.
    /// @param cursor First leaf not yet delivered and not excluded; `members` once settled.
    /// @param members n. @param height H. @param generation Of the pool; all three copied at approval.
    /// @param excluded Leaves on the fixed list; worked out from it, not stored.
    struct Sale {
        SaleState state;
        uint40 executeBefore;
        uint24 deliveryWindow;
        uint24 grace;
        uint16 treasuryBps;
        uint16 operatorsBps;
        uint32 optOuts;
        uint64 minEligibleWeight;
        uint32 poolIndex;
        uint40 approvedAt;
        uint16 withdrawals;
        uint64 eligibleWeight;
        uint32 cursor;
        uint32 members;
        uint8 height;
        uint32 generation;
        uint32 excluded;
    }

    /// @notice One node's delivery: C1 = u·P1, C2 = x·H(id) + u·B1, summed over custodians.
    struct NodeDelivery {
        uint8 height;
        uint64 index;
        uint256[2] C1;
        uint256[2] C2;
    }

    event OfferMade(bytes32 indexed saleId, address indexed buyer, uint256 indexed poolId, Offer offer);
    event OptedOut(bytes32 indexed target, address indexed member, uint32 number, uint32 ordinal);
    /// @notice What a batch added, in place of one `OptedOut` each.
    /// @param firstOrdinal Of the first; the others follow one by one. @param optOuts 24 bytes each: member (20), number (4).
    event OptOutsCounted(bytes32 indexed target, uint32 firstOrdinal, bytes optOuts);
    /// @param position In the batch, from 0. @param signer Whoever signed, or zero.
    event OptOutSkipped(bytes32 indexed target, uint256 position, address signer, OptOutSkipReason reason);
    event SaleApproved(bytes32 indexed saleId, uint32 withdrawals, uint32 optOuts);
    event SaleSkipped(bytes32 indexed saleId, SkipReason reason);
    event ExclusionsStaged(bytes32 indexed saleId, address indexed by, uint256 leaves);
    event ExclusionsFixed(bytes32 indexed saleId, uint32[] leaves, uint256 eligibleWeight);
    /// @notice The verified deliveries of one call; the buyer opens them with b.
    /// @param firstLeaf Where the first of their nodes begins; they follow one another in the cover, which the fixed list determines.
    /// @param points C1 and C2 of each node, compressed: x, and in the highest bit whether y is odd (x < p < 2^254).
    event NodesDelivered(bytes32 indexed saleId, uint32 firstLeaf, uint256[2][] points);
    event SaleSettled(bytes32 indexed saleId, uint256 eligibleWeight);
    event SaleRefunded(bytes32 indexed saleId);
    event SaleExpired(bytes32 indexed saleId);
    event WindowsSet(uint32 deliveryWindow, uint32 grace);

    error MarketCallerRefused(address caller);
    error OfferBuyerNotCaller(address buyer, address caller);
    error OfferPriceZero();
    error OfferExists(bytes32 saleId);
    error OfferPoolNotSealed(uint256 poolId);
    error OfferPurposeNotAllowed(bytes32 scopeId, bytes32 purpose);
    error OfferExpiresInPast(uint48 executeBefore, uint256 now_);
    error OfferListingUnknown(bytes32 listingId);
    error OfferGenerationNotActive(uint32 generation);
    error BuyerKeyInvalid();
    error SaleStateWrong(bytes32 saleId, SaleState have, SaleState needed);
    error SaleNotExpired(bytes32 saleId, uint256 executeBefore);
    error SaleNotRefundable(bytes32 saleId, uint256 refundableAt);
    error OptOutExpired(uint64 expiry, uint256 now_);
    error OptOutSignatureInvalid(address expected, address recovered);
    error AlreadyOptedOut(bytes32 target, uint32 number);
    error NotAContributor(uint256 poolId, address member);
    error ExclusionsNotFixed(bytes32 saleId);
    error ExclusionsAlreadyFixed(bytes32 saleId);
    error LeavesUnordered(uint32 previous, uint32 next);
    error LeafNotExcluded(bytes32 saleId, uint32 leaf);
    error NodeOutOfRange(uint8 height, uint64 index);
    error NodeNotAtCursor(uint256 start, uint256 cursor);
    error NodeContainsExcluded(uint8 height, uint64 index);
    error NodeNotMaximal(uint8 height, uint64 index);
    error DeliveryInvalid(bytes32 saleId);
    error MaxExcludedOutOfBounds(uint32 have, uint32 minimum, uint32 maximum);
    error WindowOutOfBounds(uint32 have, uint32 minimum, uint32 maximum);

    /// @notice Escrow the price for a sealed pool. Caller: `o.buyer`. ETH comes as value; an ERC-20 must be approved to the splitter.
    function offer(Offer calldata o) external payable returns (bytes32 saleId);

    /// @notice Opt out of one sale (later: or of a listing), until its approval. Caller: a contributor to its pool. Final.
    function optOut(bytes32 target) external;

    /// @notice The same for somebody who signed EIP-712 `OptOut(bytes32 target,uint64 expiry)`. Caller: anyone.
    function optOutFor(address member, bytes32 target, uint64 expiry, bytes calldata signature) external;

    /// @notice The same for many. Caller: anyone. A bad or repeated opt-out is skipped with an event and never sinks the others.
    /// Reverts only when the target takes no opt-outs. Cheapest in ascending order of member number.
    /// @return counted How many were.
    function optOutBatch(bytes32 target, SignedOptOut[] calldata optOuts) external returns (uint256 counted);

    /// @notice Caller: the timelock. Never reverts for one sale's sake.
    function approve(bytes32[] calldata saleIds) external;

    /// @notice Stage excluded leaves, strictly ascending over the caller's calls; completes when they account for both counters.
    function fixExcluded(Offer calldata o, uint32[] calldata leaves) external;

    /// @notice Deliver nodes from the cursor on; nodes that end at or before the cursor are skipped.
    function deliver(Offer calldata o, NodeDelivery[] calldata nodes, uint256[] calldata hints) external;

    function expire(Offer calldata o) external;
    function refund(Offer calldata o) external;

    /// @notice For later offers. Caller: the timelock; within the bounds of deployment.
    function setWindows(uint32 deliveryWindow, uint32 grace) external;

    function saleIdOf(Offer calldata o) external view returns (bytes32);
    function sale(bytes32 saleId) external view returns (Sale memory);
    /// @notice Seconds; meaningful from approval on.
    function refundableAt(bytes32 saleId) external view returns (uint256);
    function optOutOrdinal(bytes32 target, uint32 number) external view returns (uint32);
    /// @notice By the counters stored at approval; reverts unless the sale was approved.
    function isExcluded(bytes32 saleId, uint32 number) external view returns (bool);
    /// @notice Whether a member number is on a list, by the list's number as `RevenueSplitter.settle` was told it.
    function isListed(uint32 list, uint32 number) external view returns (bool);
    /// @notice The fixed list, ascending; empty when nobody is excluded.
    function excludedLeaves(bytes32 saleId) external view returns (uint32[] memory);
    function maxExcluded() external view returns (uint32);
    function windows() external view returns (uint32 deliveryWindow, uint32 grace);
}
