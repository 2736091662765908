using System.Buffers.Binary;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using MongoDB.Bson;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Mongo;

/// <summary>
/// Which job has which idempotency key. The key is a field of the job's document, so that the insert of the one is that of
/// the other. Only the owner of the database writes, one commit after the other, so that looking first is enough; the unique
/// index is the second line.
/// </summary>
internal sealed class IdempotencyKeys
{
    private const int PrintSize = 16;

    private readonly Dictionary<(long Generation, string Key), Holder> _holders = [];

    private IdempotencyKeys()
    {
    }

    public static byte[] Bytes(UInt128 print)
    {
        var bytes = new byte[PrintSize];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, print);
        return bytes;
    }

    /// <summary>Reads who has the keys of a commit's jobs. No round trip where none has a key.</summary>
    public static async Task<IdempotencyKeys> LoadAsync(Schema schema, Bindings bindings, IReadOnlyList<NewJob> jobs)
    {
        var keys = new IdempotencyKeys();
        var wanted = jobs.Where(job => job.Submission.Idempotency is not null)
            .Select(job => (Generation: bindings.FindOpen(job.Submission.User), job.Submission.Idempotency!.Key)).Distinct().ToList();
        if (wanted.Count == 0) return keys;
        var found = await schema.Jobs
            .Find(new BsonDocument
            {
                [JobDocument.Generation] = new BsonDocument("$in", new BsonArray(wanted.Select(row => row.Generation).Distinct())),
                [JobDocument.Key] = new BsonDocument("$in", new BsonArray(wanted.Select(row => row.Key).Distinct())),
            })
            .Project<BsonDocument>(new BsonDocument
            {
                [JobDocument.Generation] = 1, [JobDocument.Key] = 1, [JobDocument.Print] = 1, [JobDocument.Submitted] = 1,
            })
            .ToListAsync().ConfigureAwait(false);
        foreach (var job in found)
            keys._holders[(job.Long(JobDocument.Generation), job.Text(JobDocument.Key)!)] = new Holder(
                Ids.Job(job["_id"]), BinaryPrimitives.ReadUInt128BigEndian(job.Bytes(JobDocument.Print)), job.Long(JobDocument.Submitted));
        return keys;
    }

    /// <summary>Why a submission is not to be stored: its key is another job's.</summary>
    public Error? Refuse(long generation, JobSubmission submission) =>
        HolderOf(generation, submission) is { } holder && IsKept(holder, submission)
            ? submission.Idempotency!.Refuse(holder.Job, holder.Print)
            : null;

    /// <summary>A submission is going to be stored, and its key, if it has one, is its from now on.</summary>
    /// <returns>Who had the key more than a day ago, and must give it up before; null for nobody.</returns>
    public JobId? Give(long generation, JobSubmission submission)
    {
        if (submission.Idempotency is not { } key) return null;
        var before = HolderOf(generation, submission)?.Job;
        _holders[(generation, key.Key)] = new Holder(submission.Id, key.Print, submission.SubmittedAtMs);
        return before;
    }

    /// <summary>The write that takes a key from a job.</summary>
    public static UpdateOneModel<BsonDocument> Free(JobId job) => new(
        Documents.ById(Ids.Of(job)), Documents.Update.Unset(JobDocument.Key).Unset(JobDocument.Print));

    /// <summary>Another job that has the key.</summary>
    private Holder? HolderOf(long generation, JobSubmission submission) =>
        submission.Idempotency is { } key && _holders.TryGetValue((generation, key.Key), out var holder) && holder.Job != submission.Id
            ? holder
            : null;

    private static bool IsKept(Holder holder, JobSubmission submission) =>
        submission.SubmittedAtMs - holder.SubmittedMs < IdempotencyKey.KeptMs;

    private readonly record struct Holder(JobId Job, UInt128 Print, long SubmittedMs);
}
