"""`brownie run deploy`, the whole script, against the chain that answers."""

from __future__ import annotations

from brownie import project, run, web3


def test_the_script_deploys_the_whole_collective_and_another_when_it_is_run_again(accounts):
    first, second = run("deploy"), run("deploy")
    (loaded,) = project.get_loaded_projects()
    for plan in (first, second):
        genesis = loaded["Genesis"].at(plan.genesis)
        assert genesis.step() == len(plan.init_codes) == len(plan.addresses)
        assert all(len(web3.eth.get_code(address)) > 1_000 for address in plan.addresses.values())
        committee = loaded["KeyCommittee"].at(plan.addresses["KeyCommittee"])
        assert committee.custodiansOf(1) == [accounts[1]]
        market = loaded["DataMarket"].at(plan.addresses["DataMarket"])
        assert market.timelock() == plan.addresses["DataTimelock"]
        assert market.committee() == committee.address
    assert not set(first.addresses.values()) & set(second.addresses.values())
