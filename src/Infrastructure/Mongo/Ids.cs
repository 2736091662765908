using System.Security.Cryptography;
using System.Text;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;
using MongoDB.Bson;

namespace FaaS.Infrastructure.Mongo;

/// <summary>
/// Every <c>_id</c> is an ObjectId. What must be unique is made so by computing the <c>_id</c> from what identifies it:
/// the primary key's index is the one that every server enforces, and a duplicate is the answer to a race. The 96 bits
/// of a SHA-256 meet by accident once in 2^48 documents of one kind.
/// </summary>
internal static class Ids
{
    public static ObjectId Of(JobId id) => new(id.ToBytes());

    public static JobId Job(BsonValue id) => JobId.Read(id.AsObjectId.ToByteArray());

    /// <summary>A document there is one of, by its name.</summary>
    public static ObjectId Meta(string name) => Hash($"meta/{name}");

    public static ObjectId User(string name) => Hash($"user/{name}");

    public static ObjectId Function(long generation, string name) => Hash($"function/{generation}/{name}");

    public static ObjectId Version(long id) => Hash($"version/{id}");

    public static ObjectId Source(SourceHash hash) => Hash($"source/{hash.Text}");

    /// <summary>The bill of one attempt: that it is computed is what makes billing again harmless.</summary>
    public static ObjectId LedgerRow(ObjectId job, int attempt) => Hash($"ledger/{job}/{attempt}");

    public static ObjectId LedgerDay(long generation, long function, long day) =>
        Hash($"day/{generation}/{function}/{day}");

    public static ObjectId Payload(Guid id) => Hash($"payload/{id:N}");

    public static ObjectId Decision(Guid scaler, long number) => Hash($"decision/{scaler:N}/{number}");

    public static ObjectId Key(string id) => Hash($"key/{id}");

    public static ObjectId Quotas(string user) => Hash($"quotas/{user}");

    public static ObjectId Config(long function) => Hash($"config/{function}");

    public static ObjectId Schedule(long function) => Hash($"schedule/{function}");

    public static ObjectId Audit(Guid origin) => Hash($"audit/{origin:N}");

    /// <summary>The free text, if there is one, stands last: two different keys never spell the same.</summary>
    private static ObjectId Hash(string key)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(key), digest);
        return new ObjectId(digest[..12].ToArray());
    }
}
