// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ICommitteeBoard} from "./interfaces/ICommitteeBoard.sol";
import {IKeyCommittee} from "./interfaces/IKeyCommittee.sol";
import {CodeBlob} from "./libraries/CodeBlob.sol";

/// @title The generations of a committee: who is in them, how far they are, where their keys lie
/// @dev Custodians of generation g are this contract's CREATE number 2g − 1, its key is number 2g (CodeBlob), so that reading
/// either costs one cold account and no slot says where. One generation forms at a time, and one that is given up leaves an
/// empty blob for its key: so the numbers always fit.
///
/// Custodians: 20 bytes each. Key: X ‖ Y ‖ polynomialHash ‖ shareKeysHash, 256 bytes.
abstract contract CommitteeGenerations {
    /// @dev One slot. Sets are bits, index i is bit i − 1.
    /// @param state Of a resharing's key: Retired is said by its origin alone, see `_stateOf`.
    /// @param phase As it was last written; see CommitteeBoard `_now`.
    /// @param since When it became Active, or when the phase began.
    /// @param origin The first generation of this key; 0: this one.
    struct Status {
        IKeyCommittee.GenerationState state;
        uint8 threshold;
        uint8 custodians;
        ICommitteeBoard.Phase phase;
        uint40 since;
        uint24 origin;
        uint32 registered;
        uint32 committed;
        uint32 dealt;
        uint32 convicted;
        uint32 published;
    }

    uint256 internal constant MOST_CUSTODIANS = 32;
    uint256 private constant MOST_GENERATIONS = type(uint24).max;

    address public immutable timelock;

    uint32 internal _current;
    uint32 internal _latest;
    mapping(uint32 generation => Status) internal _status;
    mapping(uint32 generation => uint32) internal _source;
    mapping(uint32 origin => uint32 generation) private _serving;

    constructor(address timelock_) {
        timelock = timelock_;
    }

    // ------------------------------------------------------------------ from Forming on

    /// @dev Give up the one that forms, if any, and begin the next. @param source 0, or the generation whose key it reshares.
    function _form(address[] memory custodians, uint8 threshold, uint32 source) internal returns (uint32 g) {
        _requireShape(custodians, threshold);
        g = _latest;
        if (_status[g].state == IKeyCommittee.GenerationState.Forming) _giveUp(g, 0);
        _latest = ++g;
        assert(g <= MOST_GENERATIONS);

        Status memory status;
        status.state = IKeyCommittee.GenerationState.Forming;
        status.threshold = threshold;
        status.custodians = uint8(custodians.length);
        if (source != 0) {
            _source[g] = source;
            status.origin = uint24(_originOf(source));
        }
        if (source != 0 || custodians.length != 1) {
            (status.phase, status.since) = (ICommitteeBoard.Phase.Register, uint40(block.timestamp));
        }
        _status[g] = status;
        emit IKeyCommittee.GenerationForming(g, custodians, threshold);
        if (source != 0) emit ICommitteeBoard.GenerationReshares(g, source);

        bytes memory packed;
        for (uint256 i = 0; i < custodians.length; ++i) {
            packed = bytes.concat(packed, bytes20(custodians[i]));
        }
        address list = CodeBlob.write(packed);
        assert(list == _custodiansAt(g));
    }

    function _activate(
        uint32 g,
        Status memory status,
        uint256[2] memory X,
        uint256[4] memory Y,
        bytes32 polynomialHash,
        bytes32 shareKeysHash
    ) internal {
        status.state = IKeyCommittee.GenerationState.Active;
        status.phase = ICommitteeBoard.Phase.None;
        status.since = uint40(block.timestamp);
        _status[g] = status;
        // A resharing changes who holds a key, never which key new epochs use: else the old shares of custodians who were
        // removed by a fresh key would open what is contributed after it.
        if (status.origin == 0 || _originOf(_current) == status.origin) _current = g;
        if (status.origin != 0) _serving[status.origin] = g;
        emit IKeyCommittee.GenerationActivated(g, X, Y);
        address key = CodeBlob.write(abi.encode(X, Y, polynomialHash, shareKeysHash));
        assert(key == _keyAt(g));
    }

    function _giveUp(uint32 g, uint32 leftOut) internal {
        _status[g].state = IKeyCommittee.GenerationState.GivenUp;
        _status[g].phase = ICommitteeBoard.Phase.None;
        emit ICommitteeBoard.GenerationGivenUp(g, leftOut);
        address key = CodeBlob.write("");
        assert(key == _keyAt(g));
    }

    /// @dev The key and all generations that share it: the origin says it for all.
    function _retire(uint32 g) internal {
        uint32 origin = _originOf(g);
        _status[origin].state = IKeyCommittee.GenerationState.Retired;
        if (_originOf(_current) == origin) _current = 0;
        emit IKeyCommittee.GenerationRetired(g);
    }

    function _requireShape(address[] memory custodians, uint256 threshold) private pure {
        uint256 n = custodians.length;
        bool ok = n <= MOST_CUSTODIANS && threshold != 0 && threshold <= n;
        for (uint256 i = 0; ok && i < n; ++i) {
            ok = custodians[i] != address(0);
            for (uint256 j = 0; ok && j < i; ++j) {
                ok = custodians[i] != custodians[j];
            }
        }
        if (!ok) revert IKeyCommittee.CommitteeShapeInvalid(n, threshold);
    }

    // ------------------------------------------------------------------ reading

    function _stateOf(uint32 g) internal view returns (IKeyCommittee.GenerationState state) {
        Status storage status = _status[g];
        state = status.state;
        if (state == IKeyCommittee.GenerationState.Active && status.origin != 0) state = _status[status.origin].state;
    }

    function _originOf(uint32 g) private view returns (uint32) {
        uint32 origin = _status[g].origin;
        return origin == 0 ? g : origin;
    }

    /// @dev 0 unless g is Active.
    function _servingOf(uint32 g) internal view returns (uint32 serving) {
        if (_stateOf(g) != IKeyCommittee.GenerationState.Active) return 0;
        serving = _serving[_originOf(g)];
        if (serving == 0) serving = g;
    }

    function _requireState(uint32 g, IKeyCommittee.GenerationState needed) internal view returns (Status memory status) {
        IKeyCommittee.GenerationState state = _stateOf(g);
        if (state != needed) revert IKeyCommittee.GenerationStateWrong(g, state, needed);
        return _status[g];
    }

    /// @dev Index of a custodian, from 1.
    function _requireCustodian(uint32 g, address who) internal view returns (uint8) {
        bytes memory packed = CodeBlob.read(_custodiansAt(g));
        for (uint256 i = 0; i < packed.length / 20; ++i) {
            if (_custodian(packed, i) == who) return uint8(i + 1);
        }
        revert IKeyCommittee.CommitteeCallerRefused(who);
    }

    function _custodiansOf(uint32 g) internal view returns (address[] memory custodians) {
        bytes memory packed = CodeBlob.read(_custodiansAt(g));
        custodians = new address[](packed.length / 20);
        for (uint256 i = 0; i < custodians.length; ++i) {
            custodians[i] = _custodian(packed, i);
        }
    }

    function _custodian(bytes memory packed, uint256 i) private pure returns (address custodian) {
        assembly ("memory-safe") {
            custodian := shr(96, mload(add(add(packed, 0x20), mul(i, 20))))
        }
    }

    /// @dev X, Y and the two hashes; zeros without a key.
    function _keyOf(uint32 g)
        internal
        view
        returns (uint256[2] memory X, uint256[4] memory Y, bytes32 polynomialHash, bytes32 shareKeysHash)
    {
        bytes memory key = CodeBlob.read(_keyAt(g));
        if (key.length != 0) return abi.decode(key, (uint256[2], uint256[4], bytes32, bytes32));
    }

    function _keyAt(uint32 g) internal view returns (address) {
        return _blob(g, 0);
    }

    function _custodiansAt(uint32 g) private view returns (address) {
        return _blob(g, 1);
    }

    /// @dev Numbers that no generation has lead to an address without code.
    function _blob(uint32 g, uint32 before) private view returns (address) {
        if (g == 0 || g > MOST_GENERATIONS) return address(0);
        return CodeBlob.addressOf(address(this), 2 * g - before);
    }
}
