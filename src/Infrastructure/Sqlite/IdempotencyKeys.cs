using System.Buffers.Binary;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sqlite.Native;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>
/// Which job has which idempotency key. The key is a column of the job's row, so that the insert of the one is that of the
/// other; the writer is alone, so that looking first is enough, and the index is the second line.
/// </summary>
internal static class IdempotencyKeys
{
    private const int PrintSize = 16;

    private const string Find =
        "SELECT id, idempotency_print, submitted_ms FROM jobs WHERE generation = ? AND idempotency_key = ?";

    private const string Free = "UPDATE jobs SET idempotency_key = NULL WHERE id = ?";

    /// <summary>What is stored of a key beside it.</summary>
    public static byte[]? Print(IdempotencyKey? key)
    {
        if (key is null) return null;
        var bytes = new byte[PrintSize];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, key.Print);
        return bytes;
    }

    /// <summary>
    /// Within the writer's transaction: why a submission is not to be stored; null when it is the first with its key, or the
    /// first after a day, and then the key is its.
    /// </summary>
    public static Error? Refuse(Statements statements, long generation, JobSubmission submission, IdempotencyKey key)
    {
        var statement = statements[Find].Bind(generation).Bind(key.Key);
        if (!statement.Step()) return null;
        var (id, submittedMs) = (statement.Span(0).ToArray(), statement.Int64(2));
        var print = BinaryPrimitives.ReadUInt128BigEndian(statement.Span(1));
        statement.Reset();
        var job = JobId.Read(id);
        if (job == submission.Id) return null;
        if (submission.SubmittedAtMs - submittedMs < IdempotencyKey.KeptMs) return key.Refuse(job, print);
        statements[Free].Bind(id).Run();
        return null;
    }
}
