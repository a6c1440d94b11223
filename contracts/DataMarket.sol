// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {IContributionRegistry} from "./interfaces/IContributionRegistry.sol";
import {IContributionToken} from "./interfaces/IContributionToken.sol";
import {IDataMarket} from "./interfaces/IDataMarket.sol";
import {IKeyCommittee} from "./interfaces/IKeyCommittee.sol";
import {IMembershipToken} from "./interfaces/IMembershipToken.sol";
import {IRevenueSplitter} from "./interfaces/IRevenueSplitter.sol";
import {BN254} from "./libraries/BN254.sol";
import {CodeBlob} from "./libraries/CodeBlob.sol";
import {CompactSignature} from "./libraries/CompactSignature.sol";
import {Cover} from "./libraries/Cover.sol";
import {PackedLanes} from "./libraries/PackedLanes.sol";

/// @title Offers, opt-outs, exclusion, delivery: states, no money
/// @notice See IDataMarket for the state table. Calls go only to this collective's own contracts. All but the splitter's
/// `escrow` (which runs an allowed token's code, after everything here is written) are code that calls nobody.
///
/// @dev Excluded leaves are kept as a code blob (CodeBlob, Cover), the `list`-th this contract created; a caller's staged
/// leaves likewise, so that the blob of the completing call is the list.
contract DataMarket is IDataMarket, EIP712 {
    using PackedLanes for mapping(uint256 => uint256);

    /// @notice What a market is deployed with; all of it is displayed to whoever joins.
    /// @param maxExcluded Largest number of withdrawals and opt-outs together at which a sale can be approved, 1 .. 6,000.
    /// @param shortestDelivery Seconds. @param longestDelivery At most 90 days.
    /// @param shortestGrace Seconds. @param longestGrace At most 90 days.
    /// @param deliveryWindow Seconds, of the first offers. @param grace Seconds, of the first offers.
    struct Deployment {
        address timelock;
        address registry;
        address token;
        address membership;
        address committee;
        address splitter;
        uint16 maxExcluded;
        uint24 shortestDelivery;
        uint24 longestDelivery;
        uint24 shortestGrace;
        uint24 longestGrace;
        uint24 deliveryWindow;
        uint24 grace;
    }

    /// @dev One slot, written by the offer. Everything approval needs, since it gets the id alone.
    struct Terms {
        SaleState state;
        uint40 executeBefore;
        uint24 deliveryWindow;
        uint24 grace;
        uint16 treasuryBps;
        uint16 operatorsBps;
        uint32 optOuts;
        uint64 minEligibleWeight;
        uint32 poolIndex;
    }

    /// @dev One slot, written by approval. What delivery needs of the pool, which is sealed, is copied here once, so that
    /// no later call reads the registry.
    /// @param generation That serves the pool at approval: its custodians are paid. It has the Y of the pool's generation.
    /// @param cursor Not advanced by the delivery that completes the cover.
    /// @param list Number of the blob that holds the fixed list; 0: nobody is excluded, or not fixed yet.
    struct Progress {
        uint40 approvedAt;
        uint16 withdrawals;
        uint64 eligibleWeight;
        uint32 cursor;
        uint32 members;
        uint8 height;
        uint24 generation;
        uint32 list;
    }

    /// @dev One slot per (sale, caller).
    /// @param list Number of the blob that holds the caller's leaves so far.
    struct Staged {
        uint32 list;
        uint16 withdrawals;
        uint16 optOuts;
        uint64 weight;
    }

    /// @dev One slot. `lists`: blobs created so far.
    struct Windows {
        uint24 deliveryWindow;
        uint24 grace;
        uint32 lists;
    }

    bytes32 private constant SALE_TAG = keccak256("unwrapped-dao/sale/v1");
    bytes32 private constant OPT_OUT_TYPE = keccak256("OptOut(bytes32 target,uint64 expiry)");

    /// @dev Words of an Offer and of a NodeDelivery; both are static, so their calldata is their encoding.
    uint256 private constant OFFER_BYTES = 17 * 32;
    uint256 private constant NODE_BYTES = 6 * 32;
    /// @dev 4 bytes a leaf within the 24,575 bytes of a blob.
    uint16 private constant MOST_EXCLUDED = 6_000;
    uint24 private constant LONGEST_WINDOW = 90 days;
    /// @dev Of an opt-out in `OptOutsCounted`.
    uint256 private constant OPT_OUT_BYTES = 24;
    /// @dev Stands for the number of who never joined; its lanes are always empty.
    uint256 private constant NO_NUMBER = type(uint32).max;

    address public immutable timelock;
    IContributionRegistry public immutable registry;
    IContributionToken public immutable token;
    IMembershipToken public immutable membership;
    IKeyCommittee public immutable committee;
    IRevenueSplitter public immutable splitter;

    uint16 private immutable _maxExcluded;
    /// @notice Bounds of `setWindows`, seconds.
    uint24 public immutable shortestDelivery;
    uint24 public immutable longestDelivery;
    uint24 public immutable shortestGrace;
    uint24 public immutable longestGrace;

    Windows private _windows;
    mapping(bytes32 saleId => Terms) private _terms;
    mapping(bytes32 saleId => Progress) private _progress;
    mapping(bytes32 saleId => mapping(address caller => Staged)) private _staged;
    mapping(bytes32 target => mapping(uint256 word => uint256 lanes)) private _optOuts;

    modifier onlyTimelock() {
        if (msg.sender != timelock) revert MarketCallerRefused(msg.sender);
        _;
    }

    constructor(Deployment memory d) EIP712("unwrapped-dao market", "1") {
        if (d.maxExcluded == 0 || d.maxExcluded > MOST_EXCLUDED) {
            revert MaxExcludedOutOfBounds(d.maxExcluded, 1, MOST_EXCLUDED);
        }
        if (d.longestDelivery > LONGEST_WINDOW) revert WindowOutOfBounds(d.longestDelivery, 0, LONGEST_WINDOW);
        if (d.longestGrace > LONGEST_WINDOW) revert WindowOutOfBounds(d.longestGrace, 0, LONGEST_WINDOW);
        timelock = d.timelock;
        registry = IContributionRegistry(d.registry);
        token = IContributionToken(d.token);
        membership = IMembershipToken(d.membership);
        committee = IKeyCommittee(d.committee);
        splitter = IRevenueSplitter(d.splitter);
        _maxExcluded = d.maxExcluded;
        (shortestDelivery, longestDelivery) = (d.shortestDelivery, d.longestDelivery);
        (shortestGrace, longestGrace) = (d.shortestGrace, d.longestGrace);
        _setWindows(d.deliveryWindow, d.grace);
    }

    // ------------------------------------------------------------------ offer

    /// @inheritdoc IDataMarket
    function offer(Offer calldata o) external payable returns (bytes32 saleId) {
        if (msg.sender != o.buyer) revert OfferBuyerNotCaller(o.buyer, msg.sender);
        if (o.price == 0) revert OfferPriceZero();
        if (o.listingId != 0) revert OfferListingUnknown(o.listingId);
        if (block.timestamp > o.executeBefore) revert OfferExpiresInPast(o.executeBefore, block.timestamp);
        saleId = _saleIdOf(o);
        if (_terms[saleId].state != SaleState.None) revert OfferExists(saleId);
        uint256 poolId = _poolIdOf(o);
        IContributionRegistry.Pool memory pool = registry.pool(poolId);
        if (!pool.isSealed) revert OfferPoolNotSealed(poolId);
        if (!registry.isPurposeAllowed(o.scopeId, o.purpose)) revert OfferPurposeNotAllowed(o.scopeId, o.purpose);
        if (!committee.isActive(pool.generation)) revert OfferGenerationNotActive(pool.generation);
        _requireBuyerKey(o.B1, o.B2);

        (uint16 treasuryBps, uint16 operatorsBps) = splitter.fees();
        _terms[saleId] = Terms({
            state: SaleState.Offered,
            // Beyond 2^40 seconds nothing differs: no block will be later.
            executeBefore: o.executeBefore > type(uint40).max ? type(uint40).max : uint40(o.executeBefore),
            deliveryWindow: _windows.deliveryWindow,
            grace: _windows.grace,
            treasuryBps: treasuryBps,
            operatorsBps: operatorsBps,
            optOuts: 0,
            minEligibleWeight: o.minEligibleWeight,
            poolIndex: pool.index
        });
        emit OfferMade(saleId, o.buyer, poolId, o);
        splitter.escrow{value: msg.value}(saleId, o.currency, o.buyer, o.price);
    }

    /// @inheritdoc IDataMarket
    function expire(Offer calldata o) external {
        bytes32 saleId = _saleIdOf(o);
        Terms memory terms = _requireState(saleId, SaleState.Offered);
        if (block.timestamp <= terms.executeBefore) revert SaleNotExpired(saleId, terms.executeBefore);
        _terms[saleId].state = SaleState.Expired;
        emit SaleExpired(saleId);
        splitter.refund(saleId, o.currency, o.buyer);
    }

    /// @dev e(B1, −P2)·e(P1, B2) = 1. B1 ≠ 0 makes B2 ≠ 0; the precompile refuses a B2 outside the subgroup.
    function _requireBuyerKey(uint256[2] calldata B1, uint256[4] calldata B2) private view {
        if (!BN254.isG1(B1[0], B1[1]) || !BN254.isG2Encoding(B2)) revert BuyerKeyInvalid();
        uint256[12] memory words = [
            B1[0],
            B1[1],
            BN254.NEG_P2_X_IM,
            BN254.NEG_P2_X_RE,
            BN254.NEG_P2_Y_IM,
            BN254.NEG_P2_Y_RE,
            1,
            2,
            B2[0],
            B2[1],
            B2[2],
            B2[3]
        ];
        if (!BN254.isPairing(words)) revert BuyerKeyInvalid();
    }

    // ------------------------------------------------------------------ opt-out

    /// @inheritdoc IDataMarket
    function optOut(bytes32 target) external {
        _optOut(msg.sender, target);
    }

    /// @inheritdoc IDataMarket
    function optOutFor(address member, bytes32 target, uint64 expiry, bytes calldata signature) external {
        if (block.timestamp > expiry) revert OptOutExpired(expiry, block.timestamp);
        bytes32 digest = _hashTypedDataV4(_optOutHash(target, expiry));
        (bool ok, address signer) = CompactSignature.isBy(digest, signature, member);
        if (!ok) revert OptOutSignatureInvalid(member, signer);
        _optOut(member, target);
    }

    function _optOut(address member, bytes32 saleId) private {
        Terms memory terms = _requireState(saleId, SaleState.Offered);
        uint32 number = membership.numberOf(member);
        uint256 poolId = registry.poolIdOf(terms.poolIndex);
        if (token.weightOf(number, poolId) == 0) revert NotAContributor(poolId, member);
        uint32 ordinal = terms.optOuts + 1;
        if (_optOuts[saleId].set(number, ordinal) != 0) revert AlreadyOptedOut(saleId, number);
        _terms[saleId].optOuts = ordinal;
        emit OptedOut(saleId, member, number, ordinal);
        membership.markExcluded(member);
    }

    /// @inheritdoc IDataMarket
    /// @dev One call to the membership and to the token for all; words of ordinals are kept in memory while members are
    /// neighbours. Members are marked before the token says who contributed: one reading of their slots less.
    function optOutBatch(bytes32 target, SignedOptOut[] calldata optOuts) external returns (uint256 counted) {
        Terms memory terms = _requireState(target, SaleState.Offered);
        address[] memory signers = _optOutSigners(target, optOuts);
        uint256[] memory numbers = membership.markAllExcluded(signers);
        uint256[] memory weights = token.weightsOf(registry.poolIdOf(terms.poolIndex), numbers);
        mapping(uint256 => uint256) storage words = _optOuts[target];
        bytes memory added = new bytes(optOuts.length * OPT_OUT_BYTES + 32); // opt-outs are written as whole words
        uint256 word = type(uint256).max;
        uint256 lanes;
        unchecked {
            // At most one ordinal for each member number, so uint32 holds them.
            for (uint256 i = 0; i < optOuts.length; ++i) {
                uint256 number = numbers[i];
                OptOutSkipReason reason = OptOutSkipReason.NotAContributor;
                if (weights[i] != 0) {
                    if (number >> 3 != word) {
                        if (word != type(uint256).max) words[word] = lanes;
                        word = number >> 3;
                        lanes = words[word];
                    }
                    if (PackedLanes.laneOf(lanes, number) == 0) {
                        _addOptOut(added, counted, signers[i], number);
                        lanes = PackedLanes.withLane(lanes, number, uint32(terms.optOuts + ++counted));
                        continue;
                    }
                    reason = OptOutSkipReason.Repeated;
                } else if (number == NO_NUMBER) {
                    bool expired = block.timestamp > optOuts[i].expiry;
                    reason = expired ? OptOutSkipReason.Expired : OptOutSkipReason.SignerNotAMember;
                }
                emit OptOutSkipped(target, i, signers[i], reason);
            }
            if (counted == 0) return 0;
            words[word] = lanes;
            _terms[target].optOuts = terms.optOuts + uint32(counted);
        }
        assembly ("memory-safe") {
            mstore(added, mul(counted, OPT_OUT_BYTES)) // without the room of those that were skipped
        }
        emit OptOutsCounted(target, terms.optOuts + 1, added);
    }

    /// @dev Writes an opt-out, and zeros beyond, as number `position` of the list.
    function _addOptOut(bytes memory added, uint256 position, address member, uint256 leaf) private pure {
        assembly ("memory-safe") {
            mstore(add(add(added, 0x20), mul(position, OPT_OUT_BYTES)), or(shl(96, member), shl(64, leaf)))
        }
    }

    /// @dev Zero for what has expired, and for what nobody signed.
    function _optOutSigners(bytes32 target, SignedOptOut[] calldata optOuts)
        private
        view
        returns (address[] memory signers)
    {
        signers = new address[](optOuts.length);
        bytes32 separator = _domainSeparatorV4();
        unchecked {
            for (uint256 i = 0; i < optOuts.length; ++i) {
                SignedOptOut calldata signed = optOuts[i];
                uint64 expiry = signed.expiry;
                if (block.timestamp > expiry) continue;
                bytes32 digest = MessageHashUtils.toTypedDataHash(separator, _optOutHash(target, expiry));
                signers[i] = CompactSignature.recover(digest, signed.r, signed.vs);
            }
        }
    }

    /// @dev keccak256(abi.encode(OPT_OUT_TYPE, target, expiry)), without keeping the memory.
    function _optOutHash(bytes32 target, uint64 expiry) private pure returns (bytes32 hash) {
        bytes32 typeHash = OPT_OUT_TYPE;
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, typeHash)
            mstore(add(m, 0x20), target)
            mstore(add(m, 0x40), expiry)
            hash := keccak256(m, 0x60)
        }
    }

    // ------------------------------------------------------------------ approval

    /// @inheritdoc IDataMarket
    function approve(bytes32[] calldata saleIds) external onlyTimelock {
        for (uint256 i = 0; i < saleIds.length; ++i) {
            _approve(saleIds[i]);
        }
    }

    function _approve(bytes32 saleId) private {
        Terms memory terms = _terms[saleId];
        if (terms.state != SaleState.Offered) return _skip(saleId, SkipReason.NotOffered);
        if (block.timestamp > terms.executeBefore) return _skip(saleId, SkipReason.PastExecuteBefore);
        uint256 poolId = registry.poolIdOf(terms.poolIndex);
        uint256 withdrawals = registry.withdrawals(poolId);
        if (withdrawals + terms.optOuts > _maxExcluded) return _skip(saleId, SkipReason.TooManyExcluded);
        uint256 weight = token.totalSupply(poolId);
        if (weight < _neededWeight(terms)) return _skip(saleId, SkipReason.TooLittleWeight);
        IContributionRegistry.Pool memory pool = registry.pool(poolId);
        uint32 generation = committee.servingGeneration(pool.generation);
        if (generation == 0) return _skip(saleId, SkipReason.GenerationNotActive);

        _terms[saleId].state = SaleState.Approved;
        _progress[saleId] = Progress({
            approvedAt: uint40(block.timestamp),
            withdrawals: uint16(withdrawals), // at most maxExcluded
            // Nobody excluded: fixed at once. Fewer than 2^32 members of less than 2^32 each.
            eligibleWeight: withdrawals + terms.optOuts == 0 ? uint64(weight) : 0,
            cursor: 0,
            members: pool.members,
            height: pool.height,
            generation: uint24(generation), // the committee counts them one by one, up to 2^24 - 1
            list: 0
        });
        emit SaleApproved(saleId, uint32(withdrawals), terms.optOuts);
    }

    function _skip(bytes32 saleId, SkipReason reason) private {
        emit SaleSkipped(saleId, reason);
    }

    // ------------------------------------------------------------------ exclusions

    /// @inheritdoc IDataMarket
    function fixExcluded(Offer calldata o, uint32[] calldata leaves) external {
        bytes32 saleId = _saleIdOf(o);
        Terms memory terms = _requireState(saleId, SaleState.Approved);
        Progress memory progress = _progress[saleId];
        if (progress.eligibleWeight != 0) revert ExclusionsAlreadyFixed(saleId);
        if (leaves.length == 0) {
            delete _staged[saleId][msg.sender];
            emit ExclusionsStaged(saleId, msg.sender, 0);
            return;
        }
        uint256 poolId = _poolIdOf(o);
        Staged memory staged = _staged[saleId][msg.sender];
        bytes memory list = _append(saleId, poolId, terms, progress, staged, leaves);
        if (staged.withdrawals == progress.withdrawals && staged.optOuts == terms.optOuts) {
            _fix(o, saleId, terms, progress, token.totalSupply(poolId) - staged.weight, list);
        } else {
            staged.list = _keep(list);
            _staged[saleId][msg.sender] = staged;
            emit ExclusionsStaged(saleId, msg.sender, list.length >> 2);
        }
    }

    /// @dev The caller's leaves so far and the new ones; each is counted in `staged`.
    function _append(
        bytes32 saleId,
        uint256 poolId,
        Terms memory terms,
        Progress memory progress,
        Staged memory staged,
        uint32[] calldata leaves
    ) private view returns (bytes memory list) {
        bytes memory before = staged.list == 0 ? bytes("") : _listAt(staged.list);
        list = bytes.concat(before, new bytes(leaves.length << 2));
        uint256 count = before.length >> 2;
        for (uint256 i = 0; i < leaves.length; ++i) {
            uint32 leaf = leaves[i];
            if (count != 0) {
                uint256 last = Cover.leafAt(list, count - 1);
                if (leaf <= last) revert LeavesUnordered(uint32(last), leaf);
            }
            (bool withdrew, bool optedOut) = _exclusions(saleId, poolId, terms, progress, leaf);
            if (!withdrew && !optedOut) revert LeafNotExcluded(saleId, leaf);
            if (withdrew) ++staged.withdrawals;
            if (optedOut) ++staged.optOuts;
            staged.weight += token.weightOf(leaf, poolId);
            Cover.setLeaf(list, count++, leaf);
        }
    }

    /// @dev Whether a leaf withdrew, and whether it opted out, by the stored counters. A counter of zero asks nobody.
    function _exclusions(
        bytes32 saleId,
        uint256 poolId,
        Terms memory terms,
        Progress memory progress,
        uint32 leaf
    ) private view returns (bool withdrew, bool optedOut) {
        if (progress.withdrawals != 0) {
            uint32 ordinal = registry.withdrawalOrdinal(poolId, leaf);
            withdrew = ordinal != 0 && ordinal <= progress.withdrawals;
        }
        if (terms.optOuts != 0) {
            uint32 ordinal = _optOuts[saleId].get(leaf);
            optedOut = ordinal != 0 && ordinal <= terms.optOuts;
        }
    }

    /// @dev The list is complete: it decides keys and money from here on, or ends the sale.
    function _fix(
        Offer calldata o,
        bytes32 saleId,
        Terms memory terms,
        Progress memory progress,
        uint256 eligibleWeight,
        bytes memory list
    ) private {
        emit ExclusionsFixed(saleId, _leavesOf(list), eligibleWeight);
        if (eligibleWeight < _neededWeight(terms)) return _refund(o, saleId);
        progress.eligibleWeight = uint64(eligibleWeight);
        progress.cursor = uint32(Cover.firstLeaf(list, progress.members));
        progress.list = _keep(list);
        _progress[saleId] = progress;
    }

    /// @dev Keeps a list as a blob; returns its number. Creating it runs no code but its own ten bytes.
    function _keep(bytes memory list) private returns (uint32 number) {
        number = ++_windows.lists;
        address blob = CodeBlob.write(list);
        assert(blob == CodeBlob.addressOf(address(this), number));
    }

    function _leavesOf(bytes memory list) private pure returns (uint32[] memory leaves) {
        leaves = new uint32[](list.length >> 2);
        for (uint256 i = 0; i < leaves.length; ++i) {
            leaves[i] = uint32(Cover.leafAt(list, i));
        }
    }

    // ------------------------------------------------------------------ delivery

    /// @inheritdoc IDataMarket
    function deliver(Offer calldata o, NodeDelivery[] calldata nodes, uint256[] calldata hints) external {
        bytes32 saleId = _saleIdOf(o);
        Terms memory terms = _requireState(saleId, SaleState.Approved);
        Progress memory progress = _progress[saleId];
        if (progress.eligibleWeight == 0) revert ExclusionsNotFixed(saleId);

        uint256 skipped = _delivered(progress, nodes);
        if (skipped == nodes.length) return;
        (bytes32[] memory ids, uint256 cursor) = _acceptNodes(o, progress, nodes, skipped);
        nodes = nodes[skipped:];
        if (!_isDelivery(progress.generation, ids, o.B2, nodes, hints)) revert DeliveryInvalid(saleId);
        _emitDelivered(saleId, progress.cursor, nodes);

        if (cursor < progress.members) {
            _progress[saleId].cursor = uint32(cursor);
            return;
        }
        _terms[saleId].state = SaleState.Settled;
        emit SaleSettled(saleId, progress.eligibleWeight);
        splitter.settle(
            saleId,
            _poolIdOf(o),
            o.currency,
            progress.eligibleWeight,
            progress.generation,
            terms.treasuryBps,
            terms.operatorsBps,
            progress.list
        );
    }

    /// @dev How many nodes at the head of the chunk end at or before the cursor.
    function _delivered(Progress memory progress, NodeDelivery[] calldata nodes) private pure returns (uint256 skipped) {
        for (; skipped < nodes.length; ++skipped) {
            NodeDelivery calldata node = nodes[skipped];
            (, uint256 end) = Cover.range(node.height, node.index, progress.height);
            if (end > progress.cursor) break;
        }
    }

    /// @dev The ids of all nodes, those from `skipped` on each the cover's next, and the cursor after them.
    function _acceptNodes(Offer calldata o, Progress memory progress, NodeDelivery[] calldata nodes, uint256 skipped)
        private
        view
        returns (bytes32[] memory ids, uint256 cursor)
    {
        bytes memory excluded = progress.list == 0 ? bytes("") : _listAt(progress.list);
        Cover.Walk memory walk = Cover.begin(excluded, progress.cursor, progress.members, progress.height);
        bytes memory preimage = Cover.nodePreimage(address(registry), o.scopeId, o.epoch);
        ids = new bytes32[](nodes.length);
        for (uint256 i = 0; i < nodes.length; ++i) {
            NodeDelivery calldata node;
            assembly ("memory-safe") {
                node := add(nodes.offset, mul(i, NODE_BYTES))
            }
            (uint8 height, uint64 index) = (node.height, node.index);
            if (i >= skipped) Cover.accept(walk, height, index);
            bytes32 id = Cover.nodeId(preimage, height, index);
            assembly ("memory-safe") {
                mstore(add(add(ids, 0x20), shl(5, i)), id)
            }
        }
        return (ids, walk.cursor);
    }

    /// @dev `committee.isDelivery(generation, ids, B2, points, hints)`, its calldata laid out by hand: the points are taken
    /// from our own calldata as they are, which Solidity would copy word by word twice.
    function _isDelivery(
        uint32 generation,
        bytes32[] memory ids,
        uint256[4] calldata B2,
        NodeDelivery[] calldata nodes,
        uint256[] calldata hints
    ) private view returns (bool valid) {
        bytes4 selector = IKeyCommittee.isDelivery.selector;
        address callee = address(committee);
        assembly ("memory-safe") {
            let call_ := mload(0x40)
            mstore(call_, selector)
            // Eight words of head; offsets count from here.
            let head := add(call_, 4)
            let size := shl(5, mload(ids))
            mstore(head, generation)
            mstore(add(head, 0x20), 0x100)
            calldatacopy(add(head, 0x40), B2, 0x80)
            mstore(add(head, 0xc0), add(0x120, size))
            mstore(add(head, 0xe0), add(add(0x140, size), shl(7, nodes.length)))

            let tail := add(head, 0x100)
            for { let end := add(tail, add(size, 0x20)) } lt(tail, end) { tail := add(tail, 0x20) } {
                mstore(tail, mload(ids))
                ids := add(ids, 0x20)
            }
            mstore(tail, nodes.length)
            tail := add(tail, 0x20)
            let node := add(nodes.offset, 0x40) // without height and index
            for { let end := add(node, mul(nodes.length, NODE_BYTES)) } lt(node, end) { node := add(node, NODE_BYTES) } {
                calldatacopy(tail, node, 0x80)
                tail := add(tail, 0x80)
            }
            mstore(tail, hints.length)
            tail := add(tail, 0x20)
            calldatacopy(tail, hints.offset, shl(5, hints.length))
            tail := add(tail, shl(5, hints.length))

            if iszero(staticcall(gas(), callee, call_, sub(tail, call_), 0, 0x20)) {
                returndatacopy(call_, 0, returndatasize())
                revert(call_, returndatasize())
            }
            valid := and(eq(returndatasize(), 0x20), eq(mload(0), 1))
        }
    }

    /// @dev `emit NodesDelivered(saleId, firstLeaf, points)`. The points were checked: x < p < 2^254.
    function _emitDelivered(bytes32 saleId, uint256 firstLeaf, NodeDelivery[] calldata nodes) private {
        bytes32 topic = NodesDelivered.selector;
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, firstLeaf)
            mstore(add(data, 0x20), 0x40)
            mstore(add(data, 0x40), nodes.length)
            let to := add(data, 0x60)
            let node := nodes.offset
            for { let end := add(node, mul(nodes.length, NODE_BYTES)) } lt(node, end) { node := add(node, NODE_BYTES) } {
                mstore(to, or(calldataload(add(node, 0x40)), shl(255, calldataload(add(node, 0x60)))))
                mstore(add(to, 0x20), or(calldataload(add(node, 0x80)), shl(255, calldataload(add(node, 0xa0)))))
                to := add(to, 0x40)
            }
            log2(data, sub(to, data), topic, saleId)
        }
    }

    // ------------------------------------------------------------------ refund

    /// @inheritdoc IDataMarket
    function refund(Offer calldata o) external {
        bytes32 saleId = _saleIdOf(o);
        Terms memory terms = _requireState(saleId, SaleState.Approved);
        uint256 from = _refundableAt(terms, _progress[saleId]);
        if (block.timestamp < from) revert SaleNotRefundable(saleId, from);
        _refund(o, saleId);
    }

    function _refund(Offer calldata o, bytes32 saleId) private {
        _terms[saleId].state = SaleState.Refunded;
        emit SaleRefunded(saleId);
        splitter.refund(saleId, o.currency, o.buyer);
    }

    // ------------------------------------------------------------------ the timelock's

    /// @inheritdoc IDataMarket
    function setWindows(uint32 deliveryWindow, uint32 grace) external onlyTimelock {
        _setWindows(deliveryWindow, grace);
    }

    function _setWindows(uint32 deliveryWindow, uint32 grace) private {
        if (deliveryWindow < shortestDelivery || deliveryWindow > longestDelivery) {
            revert WindowOutOfBounds(deliveryWindow, shortestDelivery, longestDelivery);
        }
        if (grace < shortestGrace || grace > longestGrace) {
            revert WindowOutOfBounds(grace, shortestGrace, longestGrace);
        }
        _windows.deliveryWindow = uint24(deliveryWindow); // at most LONGEST_WINDOW
        _windows.grace = uint24(grace);
        emit WindowsSet(deliveryWindow, grace);
    }

    // ------------------------------------------------------------------ reading

    /// @inheritdoc IDataMarket
    function saleIdOf(Offer calldata o) external view returns (bytes32) {
        return _saleIdOf(o);
    }

    /// @inheritdoc IDataMarket
    function sale(bytes32 saleId) external view returns (Sale memory out) {
        Terms memory terms = _terms[saleId];
        Progress memory progress = _progress[saleId];
        out.state = terms.state;
        out.executeBefore = terms.executeBefore;
        out.deliveryWindow = terms.deliveryWindow;
        out.grace = terms.grace;
        out.treasuryBps = terms.treasuryBps;
        out.operatorsBps = terms.operatorsBps;
        out.optOuts = terms.optOuts;
        out.minEligibleWeight = terms.minEligibleWeight;
        out.poolIndex = terms.poolIndex;
        out.approvedAt = progress.approvedAt;
        out.withdrawals = progress.withdrawals;
        out.eligibleWeight = progress.eligibleWeight;
        out.cursor = terms.state == SaleState.Settled ? progress.members : progress.cursor;
        out.members = progress.members;
        out.height = progress.height;
        out.generation = progress.generation;
        if (progress.list != 0) out.excluded = uint32(_listAt(progress.list).length >> 2);
    }

    /// @inheritdoc IDataMarket
    function refundableAt(bytes32 saleId) external view returns (uint256) {
        return _refundableAt(_terms[saleId], _progress[saleId]);
    }

    /// @inheritdoc IDataMarket
    function optOutOrdinal(bytes32 target, uint32 number) external view returns (uint32) {
        return _optOuts[target].get(number);
    }

    /// @inheritdoc IDataMarket
    /// @dev By the list once it is fixed, so that claims read the one list that decided the keys.
    function isExcluded(bytes32 saleId, uint32 number) external view returns (bool) {
        Progress memory progress = _progress[saleId];
        if (progress.list != 0) return Cover.contains(_listAt(progress.list), number);
        Terms memory terms = _terms[saleId];
        if (progress.approvedAt == 0) revert SaleStateWrong(saleId, terms.state, SaleState.Approved);
        if (progress.eligibleWeight != 0) return false;
        (bool withdrew, bool optedOut) =
            _exclusions(saleId, registry.poolIdOf(terms.poolIndex), terms, progress, number);
        return withdrew || optedOut;
    }

    /// @inheritdoc IDataMarket
    function isListed(uint32 list, uint32 number) external view returns (bool) {
        return Cover.contains(_listAt(list), number);
    }

    /// @inheritdoc IDataMarket
    function excludedLeaves(bytes32 saleId) external view returns (uint32[] memory) {
        uint32 number = _progress[saleId].list;
        return number == 0 ? new uint32[](0) : _leavesOf(_listAt(number));
    }

    /// @inheritdoc IDataMarket
    function maxExcluded() external view returns (uint32) {
        return _maxExcluded;
    }

    /// @inheritdoc IDataMarket
    function windows() external view returns (uint32 deliveryWindow, uint32 grace) {
        return (_windows.deliveryWindow, _windows.grace);
    }

    // ------------------------------------------------------------------ helpers

    function _requireState(bytes32 saleId, SaleState needed) private view returns (Terms memory terms) {
        terms = _terms[saleId];
        if (terms.state != needed) revert SaleStateWrong(saleId, terms.state, needed);
    }

    function _neededWeight(Terms memory terms) private pure returns (uint256) {
        return terms.minEligibleWeight == 0 ? 1 : terms.minEligibleWeight;
    }

    /// @dev 0 for a sale that was not approved.
    function _refundableAt(Terms memory terms, Progress memory progress) private pure returns (uint256) {
        if (progress.approvedAt == 0) return 0;
        return uint256(progress.approvedAt) + terms.deliveryWindow + terms.grace;
    }

    function _listAt(uint32 number) private view returns (bytes memory) {
        return CodeBlob.read(CodeBlob.addressOf(address(this), number));
    }

    function _poolIdOf(Offer calldata o) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(o.scopeId, o.epoch)));
    }

    /// @dev keccak256(abi.encode(SALE_TAG, chainId, market, o)). The calldata of an Offer is its encoding; bits beyond a
    /// field's type would only name a sale that does not exist, since `offer` reads every field in full.
    function _saleIdOf(Offer calldata o) private view returns (bytes32 saleId) {
        bytes32 tag = SALE_TAG;
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, tag)
            mstore(add(m, 0x20), chainid())
            mstore(add(m, 0x40), address())
            calldatacopy(add(m, 0x60), o, OFFER_BYTES)
            saleId := keccak256(m, add(0x60, OFFER_BYTES))
        }
    }
}
