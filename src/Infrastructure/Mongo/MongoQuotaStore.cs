using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Users;
using MongoDB.Bson;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Mongo;

/// <summary>What was set for names in MongoDB: a document a name, replaced by one guarded update.</summary>
internal sealed class MongoQuotaStore(MongoStore store) : IQuotaStore
{
    private const int MaxRaces = 100;

    private const string User = "user", Revision = "revision", Overrides = "overrides";

    private IMongoCollection<BsonDocument> Quotas => store.Schema.Quotas;

    public Task<Result<OwnQuotas>> ChangeAsync(
        string user, IReadOnlyList<QuotaChange> changes, AuditNote note, CancellationToken cancellation) =>
        MongoAuditStore.DoAsync(
            store, note, async writing =>
            {
                for (var race = 0; race < MaxRaces; race++)
                {
                    var found = await ReadAsync(user).ConfigureAwait(false);
                    var next = found.With(changes);
                    if (ReferenceEquals(next, found)) return new Audited<OwnQuotas>(found, false);
                    if (await ReplaceAsync(next, writing).ConfigureAwait(false))
                        return new Audited<OwnQuotas>(
                            next, true, OwnQuotas.ToText(found.Overrides), OwnQuotas.ToText(next.Overrides));
                }
                throw new MongoException($"The quotas of '{user}' are changed by too many at once.");
            },
            cancellation);

    public Task<Result<OwnQuotas>> FindAsync(string user, CancellationToken cancellation) =>
        store.ReadAsync<OwnQuotas>(async () => await ReadAsync(user).ConfigureAwait(false));

    public Task<Result<IReadOnlyList<OwnQuotas>>> ListAsync(string after, int max, CancellationToken cancellation) =>
        store.ReadAsync(async () =>
        {
            // In the order of the ids, which servers agree about, as they do not about names.
            var last = after.Length == 0 ? ObjectId.Empty : Ids.Quotas(after);
            var found = await Quotas.Find(Documents.Filter.Gt("_id", last)).Sort(new BsonDocument("_id", 1)).Limit(max)
                .ToListAsync(cancellation).ConfigureAwait(false);
            return Result<IReadOnlyList<OwnQuotas>>.Ok([.. found.Select(Read)]);
        });

    private async Task<OwnQuotas> ReadAsync(string user)
    {
        var found = await Quotas.Find(Documents.ById(Ids.Quotas(user))).FirstOrDefaultAsync().ConfigureAwait(false);
        return found is null ? new OwnQuotas(user, 0, QuotaOverrides.None) : Read(found);
    }

    /// <summary>Whether it was done: the revision before it was still there.</summary>
    private async Task<bool> ReplaceAsync(OwnQuotas next, Writing writing)
    {
        var document = new BsonDocument
        {
            ["_id"] = Ids.Quotas(next.User), [User] = next.User, [Revision] = next.Revision,
            [Overrides] = OwnQuotas.ToText(next.Overrides),
        };
        if (next.Revision == 1)
            return (await writing.SendAsync(() => Quotas.InsertMissingAsync([document])).ConfigureAwait(false)).Count == 0;
        var last = new BsonDocument { ["_id"] = document["_id"], [Revision] = next.Revision - 1 };
        return await writing.SendAsync(() => Quotas.WriteAllAsync([new ReplaceOneModel<BsonDocument>(last, document)]))
            .ConfigureAwait(false) > 0;
    }

    private static OwnQuotas Read(BsonDocument document) =>
        OwnQuotas.Parse(document.Text(User)!, document.Long(Revision), document.Text(Overrides) ?? "{}");
}
