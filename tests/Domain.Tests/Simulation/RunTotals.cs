namespace FaaS.Domain.Tests.Simulation;

/// <summary>Many runs in numbers.</summary>
internal sealed class RunTotals
{
    private long _runs;
    private long _jobs;
    private long _acknowledged;
    private long _lost;
    private long _unexpected;
    private long _repeated;
    private long _recovered;
    private long _executions;
    private long _leases;
    private long _billed;
    private long _events;

    public void Add(RunReport report)
    {
        _runs++;
        _jobs += report.Jobs;
        _acknowledged += report.Acknowledged;
        _lost += report.Lost;
        _unexpected += report.Unexpected;
        _repeated += report.Repeated;
        _recovered += report.Recovered;
        _executions += report.Executions;
        _leases += report.Leases;
        _billed += report.Billed;
        _events += report.Events;
    }

    public override string ToString() =>
        $"{_runs} runs, {_jobs} jobs, {_acknowledged} acknowledged, {_lost} lost, {_unexpected} unexpected, "
        + $"{_repeated} executed more than once, {_recovered} recovered, {_executions} executions, {_leases} leases, "
        + $"{_billed} billed, {_events} events";
}
