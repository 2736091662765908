using System.Buffers.Binary;
using System.Security.Cryptography;
using FaaS.Domain.Jobs;

namespace FaaS.Infrastructure.Http;

/// <summary>Makes job ids in the layout of a MongoDB ObjectId: seconds, this process's randomness, a counter.</summary>
internal sealed class JobIds(TimeProvider time)
{
    private readonly ulong _process = BinaryPrimitives.ReadUInt64BigEndian(RandomNumberGenerator.GetBytes(8)) >> 24;
    private int _counter = RandomNumberGenerator.GetInt32(1 << 24);

    /// <summary>An id that no other call, process or machine gives, short of 16 million a second.</summary>
    public JobId Next()
    {
        var seconds = (uint)time.GetUtcNow().ToUnixTimeSeconds();
        var counter = (uint)Interlocked.Increment(ref _counter) & 0xFFFFFF;
        return new JobId(((ulong)seconds << 32) | (_process >> 8), (uint)((_process & 0xFF) << 24) | counter);
    }
}
