// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IContributionRegistry} from "./interfaces/IContributionRegistry.sol";
import {IContributionToken} from "./interfaces/IContributionToken.sol";
import {IDataMarket} from "./interfaces/IDataMarket.sol";
import {IKeyCommittee} from "./interfaces/IKeyCommittee.sol";
import {IMembershipToken} from "./interfaces/IMembershipToken.sol";
import {IRevenueSplitter} from "./interfaces/IRevenueSplitter.sol";
import {CodeBlob} from "./libraries/CodeBlob.sol";

/// @title The sales of a market: what is stored of each, and how long its steps may take
/// @notice The part of the market that its other parts stand on. The state table is in IDataMarket.
abstract contract MarketSales is IDataMarket, EIP712 {
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

    /// @dev One slot. `lists`: blobs created so far.
    struct Windows {
        uint24 deliveryWindow;
        uint24 grace;
        uint32 lists;
    }

    bytes32 private constant SALE_TAG = keccak256("unwrapped-dao/sale/v1");

    /// @dev Words of an Offer, which is static, so its calldata is its encoding.
    uint256 private constant OFFER_BYTES = 17 * 32;
    /// @dev 4 bytes a leaf within the 24,575 bytes of a blob.
    uint16 private constant MOST_EXCLUDED = 6_000;
    uint24 private constant LONGEST_WINDOW = 90 days;

    address public immutable timelock;
    IContributionRegistry public immutable registry;
    IContributionToken public immutable token;
    IMembershipToken public immutable membership;
    IKeyCommittee public immutable committee;
    IRevenueSplitter public immutable splitter;

    uint16 internal immutable _maxExcluded;
    /// @notice Bounds of `setWindows`, seconds.
    uint24 public immutable shortestDelivery;
    uint24 public immutable longestDelivery;
    uint24 public immutable shortestGrace;
    uint24 public immutable longestGrace;

    Windows internal _windows;
    mapping(bytes32 saleId => Terms) internal _terms;
    mapping(bytes32 saleId => Progress) internal _progress;

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
    function maxExcluded() external view returns (uint32) {
        return _maxExcluded;
    }

    /// @inheritdoc IDataMarket
    function windows() external view returns (uint32 deliveryWindow, uint32 grace) {
        return (_windows.deliveryWindow, _windows.grace);
    }

    // ------------------------------------------------------------------ helpers

    function _requireState(bytes32 saleId, SaleState needed) internal view returns (Terms memory terms) {
        terms = _terms[saleId];
        if (terms.state != needed) revert SaleStateWrong(saleId, terms.state, needed);
    }

    function _neededWeight(Terms memory terms) internal pure returns (uint256) {
        return terms.minEligibleWeight == 0 ? 1 : terms.minEligibleWeight;
    }

    /// @dev 0 for a sale that was not approved.
    function _refundableAt(Terms memory terms, Progress memory progress) internal pure returns (uint256) {
        if (progress.approvedAt == 0) return 0;
        return uint256(progress.approvedAt) + terms.deliveryWindow + terms.grace;
    }

    function _listAt(uint32 number) internal view returns (bytes memory) {
        return CodeBlob.read(CodeBlob.addressOf(address(this), number));
    }

    function _poolIdOf(Offer calldata o) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(o.scopeId, o.epoch)));
    }

    /// @dev keccak256(abi.encode(SALE_TAG, chainId, market, o)). The calldata of an Offer is its encoding; bits beyond a
    /// field's type would only name a sale that does not exist, since `offer` reads every field in full.
    function _saleIdOf(Offer calldata o) internal view returns (bytes32 saleId) {
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

    function _refund(Offer calldata o, bytes32 saleId) internal {
        _terms[saleId].state = SaleState.Refunded;
        emit SaleRefunded(saleId);
        splitter.refund(saleId, o.currency, o.buyer);
    }
}
