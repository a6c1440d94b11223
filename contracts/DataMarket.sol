// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IContributionRegistry} from "./interfaces/IContributionRegistry.sol";
import {IDataMarket} from "./interfaces/IDataMarket.sol";
import {IKeyCommittee} from "./interfaces/IKeyCommittee.sol";
import {BN254} from "./libraries/BN254.sol";
import {Cover} from "./libraries/Cover.sol";
import {MarketExclusions} from "./MarketExclusions.sol";
import {MarketSales} from "./MarketSales.sol";

/// @title Offers, approval, delivery: states, no money
/// @notice See IDataMarket for the state table. Calls go only to this collective's own contracts. All but the splitter's
/// `escrow` (which runs an allowed token's code, after everything here is written) are code that calls nobody.
/// Its parts: MarketSales (what is stored of a sale), MarketOptOuts, MarketExclusions (the list that decides keys and money).
contract DataMarket is MarketExclusions {
    /// @dev Words of a NodeDelivery, which is static, so its calldata is its encoding.
    uint256 private constant NODE_BYTES = 6 * 32;

    constructor(Deployment memory d) MarketSales(d) {}

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
}
