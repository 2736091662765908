using BenchmarkDotNet.Attributes;
using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;

namespace FaaS.Benchmarks.Micro;

/// <summary>What the rows of the contracts cost to write and read, for messages of a busy moment.</summary>
[MemoryDiagnoser]
public class CodecBenchmarks
{
    private static readonly ContractRow<LeaseJobs, LeasedJobs> Lease = Row<LeaseJobs, LeasedJobs>(QueueContract.Contract);
    private static readonly ContractRow<CommitJobs, JobCommitted> Commit = Row<CommitJobs, JobCommitted>(DbContract.Contract);
    private LeaseJobs _lease = null!;
    private CommitJobs _commit = null!;

    [GlobalSetup]
    public void Setup()
    {
        _lease = new LeaseJobs(new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), 2, 64, 32, 1000,
            [.. Enumerable.Range(1, 32).Select(at => new HeldLease(new JobId(1, (uint)at), new LeaseToken(1, at, 0), at < 3))]);
        _commit = new CommitJobs(StoreBenchmarks.NewJobs(1, 256));
    }

    /// <summary>A lease request that lists 32 held leases.</summary>
    [Benchmark]
    public ReadOnlyMemory<byte> EncodeLeaseJobs() => Lease.Encode(_lease);

    /// <summary>A commit of 256 new jobs.</summary>
    [Benchmark]
    public ReadOnlyMemory<byte> EncodeCommitJobs() => Commit.Encode(_commit);

    private static ContractRow<TRequest, TResponse> Row<TRequest, TResponse>(RequestContract contract)
        where TRequest : MediatR.IRequest<Domain.Result<TResponse>> =>
        contract.Rows.OfType<ContractRow<TRequest, TResponse>>().Single();
}
