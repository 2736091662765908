using FaaS.Application.Db;
using FaaS.Domain;
using MongoDB.Bson;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Mongo;

/// <summary>
/// The log of decisions in MongoDB. Places are taken before the documents are inserted under ids computed from scaler
/// and number: a repetition leaves gaps, and never a second document.
/// </summary>
internal sealed class MongoDecisionStore(MongoStore store) : IDecisionStore
{
    private const string Place = "n", Change = "change", Report = "report";
    private const int CursorStep = 100;

    private static readonly BsonDocument NewestFirst = new(Place, -1);

    private IMongoCollection<BsonDocument> Decisions => store.Schema.Decisions;

    /// <summary>Beside the commits: no job has to wait for it, and nothing else decides by it.</summary>
    public Task<Result<int>> AppendAsync(
        Guid scaler, IReadOnlyList<DecisionReport> decisions, CancellationToken cancellation) =>
        store.WriteOpenlyAsync<int>(async writing =>
        {
            var last = await writing.SendAsync(() => store.Schema.NextAsync(Schema.Decision, decisions.Count))
                .ConfigureAwait(false);
            var first = last - decisions.Count + 1;
            BsonDocument[] documents =
            [
                .. decisions.Select((decision, at) => new BsonDocument
                {
                    ["_id"] = Ids.Decision(scaler, decision.Number), [Place] = first + at,
                    [Change] = decision.IsChange, [Report] = decision.ToText(),
                }),
            ];
            var there = await writing.SendAsync(() => Decisions.InsertMissingAsync(documents)).ConfigureAwait(false);
            await TrimAsync(new BsonDocument(), changes: false).ConfigureAwait(false);
            await TrimAsync(new BsonDocument(Change, true), changes: true).ConfigureAwait(false);
            return documents.Length - there.Count;
        });

    public Task<Result<DecisionPage>> ListAsync(
        long before, bool changesOnly, int maxRows, int maxChars, CancellationToken cancellation) =>
        store.ReadAsync<DecisionPage>(async () =>
        {
            var filter = new BsonDocument();
            if (before != long.MaxValue) filter[Place] = new BsonDocument("$lt", before);
            if (changesOnly) filter[Change] = true;
            var page = new List<RecordedDecision>();
            long chars = 0;
            using var cursor = await Decisions.Find(filter, new FindOptions { BatchSize = CursorStep })
                .Sort(NewestFirst).Limit(maxRows + 1).ToCursorAsync(cancellation).ConfigureAwait(false);
            while (await cursor.MoveNextAsync(cancellation).ConfigureAwait(false))
            {
                foreach (var document in cursor.Current)
                {
                    var text = document[Report].AsString;
                    chars += text.Length;
                    if (page.Count == maxRows || (page.Count > 0 && chars > maxChars)) return new DecisionPage(page, true);
                    page.Add(new RecordedDecision(document.Long(Place), DecisionReport.Parse(text)));
                }
            }
            return new DecisionPage(page, false);
        });

    /// <summary>
    /// Removes what is behind the newest of those that match. A change with so many newer changes before it is not among
    /// the newest of all either.
    /// </summary>
    private async Task TrimAsync(BsonDocument newest, bool changes)
    {
        var first = await Decisions.Find(newest).Sort(NewestFirst).Skip(DecisionLimits.Kept).Limit(1)
            .Project<BsonDocument>(new BsonDocument(Place, 1)).FirstOrDefaultAsync().ConfigureAwait(false);
        if (first is null) return;
        await Decisions.DeleteManyAsync(new BsonDocument
        {
            [Change] = changes, [Place] = new BsonDocument("$lte", first.Long(Place)),
        }).ConfigureAwait(false);
    }
}
