using FaaS.Domain.Jobs;
using MongoDB.Bson;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Mongo;

/// <summary>Reading and writing documents by field.</summary>
internal static class Documents
{
    public static FilterDefinitionBuilder<BsonDocument> Filter => Builders<BsonDocument>.Filter;

    public static UpdateDefinitionBuilder<BsonDocument> Update => Builders<BsonDocument>.Update;

    public static FilterDefinition<BsonDocument> ById(ObjectId id) => Filter.Eq("_id", id);

    public static FilterDefinition<BsonDocument> ByIds(IEnumerable<ObjectId> ids) => Filter.In("_id", ids);

    /// <summary>A number, whatever width it came back in; 0 when it is not there.</summary>
    public static long Long(this BsonDocument document, string field) =>
        document.TryGetValue(field, out var value) && value.IsNumeric ? value.ToInt64() : 0;

    public static int Int(this BsonDocument document, string field) => (int)document.Long(field);

    public static bool Flag(this BsonDocument document, string field) =>
        document.TryGetValue(field, out var value) && value.ToBoolean();

    public static string? Text(this BsonDocument document, string field) =>
        document.TryGetValue(field, out var value) && value.IsString ? value.AsString : null;

    public static byte[]? Bytes(this BsonDocument document, string field) =>
        document.TryGetValue(field, out var value) && value.IsBsonBinaryData ? value.AsByteArray : null;

    public static ObjectId? Reference(this BsonDocument document, string field) =>
        document.TryGetValue(field, out var value) && value.IsObjectId ? value.AsObjectId : null;

    public static long Us(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMicrosecond;

    public static TimeSpan Span(long us) => TimeSpan.FromMicroseconds(us);

    public static ObjectId? Stored(Body body) => body.Stored is { } id ? Ids.Payload(id) : null;

    /// <summary>
    /// Inserts what is not there yet, all in one command. Tells which were: that they were is no failure but the
    /// answer to a repetition or a race.
    /// </summary>
    public static async Task<HashSet<int>> InsertMissingAsync(
        this IMongoCollection<BsonDocument> collection, IReadOnlyCollection<BsonDocument> documents)
    {
        try
        {
            if (documents.Count > 0) await collection.InsertManyAsync(documents, Unordered).ConfigureAwait(false);
            return [];
        }
        catch (MongoBulkWriteException<BsonDocument> error) when (OnlyDuplicates(error))
        {
            return [.. error.WriteErrors.Select(row => row.Index)];
        }
    }

    /// <summary>All rows in one command, or in none.</summary>
    /// <param name="collection">Where.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="inOrder">Whether one must come after the one before.</param>
    /// <returns>How many found a document.</returns>
    public static async Task<long> WriteAllAsync(
        this IMongoCollection<BsonDocument> collection, IReadOnlyCollection<WriteModel<BsonDocument>> rows,
        bool inOrder = false)
    {
        if (rows.Count == 0) return 0;
        var answer = await collection.BulkWriteAsync(rows, new BulkWriteOptions { IsOrdered = inOrder })
            .ConfigureAwait(false);
        return answer.MatchedCount;
    }

    /// <summary>Documents by their ids, in no order and in one batch.</summary>
    public static Task<List<BsonDocument>> FindAllAsync(
        this IMongoCollection<BsonDocument> collection, IReadOnlyCollection<ObjectId> ids,
        ProjectionDefinition<BsonDocument>? projection = null) => ids.Count == 0
        ? Task.FromResult(new List<BsonDocument>())
        : collection.Find(ByIds(ids), new FindOptions { BatchSize = ids.Count })
            .Project<BsonDocument>(projection ?? new BsonDocument()).ToListAsync();

    private static InsertManyOptions Unordered => new() { IsOrdered = false };

    private static bool OnlyDuplicates(MongoBulkWriteException<BsonDocument> error) =>
        error.WriteConcernError is null
        && error.WriteErrors.All(row => row.Category == ServerErrorCategory.DuplicateKey);
}
