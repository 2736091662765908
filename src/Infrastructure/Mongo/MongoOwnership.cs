using MongoDB.Bson;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Mongo;

/// <summary>
/// Who serves the database. One document names the holder and counts its renewals. The holder serves for a bounded
/// time after it <i>began</i> its last successful renewal; a challenger takes over only after it has watched the
/// document unchanged for the whole lease on its own monotonic clock. What the challenger saw was written after the
/// holder began, so the holder has stopped first, and no two clocks are ever compared: only their rates, and for those
/// the holder keeps a fifth of the lease back.
/// </summary>
/// <remarks>
/// A write that the old holder sent just before it stopped may still arrive after the new one began. It is as harmless
/// as a write of an old epoch: every row is guarded by its own document (see <see cref="JobWrites"/>).
/// </remarks>
internal sealed class MongoOwnership(IMongoCollection<BsonDocument> meta, TimeSpan lease, TimeProvider time)
{
    private const string Name = "owner";

    private static readonly ObjectId Id = Ids.Meta(Name);

    private readonly string _self = Guid.NewGuid().ToString("N");
    private readonly Lock _gate = new();
    private bool _held;
    private long _term;
    private long _heldSince;
    private (string Holder, long Beat) _seen;
    private long _seenSince;

    /// <summary>
    /// The number of the term this process may serve right now; 0 when it may not. A term ends when it could not be
    /// renewed in time, even if nobody else came: what was known in it is not known in the next.
    /// </summary>
    public long Term
    {
        get
        {
            lock (_gate) return _held && time.GetElapsedTime(_heldSince) < lease * 0.8 ? _term : 0;
        }
    }

    /// <summary>Renews, or tries to take over. To be called again and again.</summary>
    /// <returns>Whether this process owns the database now.</returns>
    public async Task<bool> TurnAsync()
    {
        if (Term != 0 && await RenewAsync().ConfigureAwait(false)) return true;
        lock (_gate) _held = false;
        return await TakeAsync().ConfigureAwait(false);
    }

    /// <summary>Gives it up, so that a successor need not wait. What was under way must have ended.</summary>
    public async Task ReleaseAsync()
    {
        lock (_gate)
        {
            if (!_held) return;
            _held = false;
        }
        await meta.UpdateOneAsync(Mine(), Documents.Update.Set("holder", "").Inc("beat", 1L)).ConfigureAwait(false);
    }

    private FilterDefinition<BsonDocument> Mine() =>
        Documents.Filter.And(Documents.ById(Id), Documents.Filter.Eq("holder", _self));

    private async Task<bool> RenewAsync()
    {
        var began = time.GetTimestamp();
        var answer = await meta.UpdateOneAsync(Mine(), Documents.Update.Inc("beat", 1L)).ConfigureAwait(false);
        if (answer.MatchedCount == 0) return false;
        lock (_gate) _heldSince = began;
        return true;
    }

    private async Task<bool> TakeAsync()
    {
        var found = await meta.Find(Documents.ById(Id)).FirstOrDefaultAsync().ConfigureAwait(false);
        var began = time.GetTimestamp();
        if (found is null) return await InsertAsync(began).ConfigureAwait(false);
        var (holder, beat) = (found.Text("holder") ?? "", found.Long("beat"));
        if ((holder, beat) != _seen)
        {
            _seen = (holder, beat);
            _seenSince = began;
        }
        // Its own name means that a take or a renewal was written and not answered: nobody else can have it.
        var isFree = holder.Length == 0 || holder == _self || time.GetElapsedTime(_seenSince) >= lease;
        return isFree && await ReplaceAsync(holder, beat, began).ConfigureAwait(false);
    }

    private async Task<bool> InsertAsync(long began)
    {
        var there = await meta.InsertMissingAsync(
            [new BsonDocument { ["_id"] = Id, ["name"] = Name, ["holder"] = _self, ["beat"] = 1L }])
            .ConfigureAwait(false);
        if (there.Count > 0) return false;
        Hold(began);
        return true;
    }

    /// <summary>Of several challengers one finds the document as it was seen.</summary>
    private async Task<bool> ReplaceAsync(string holder, long beat, long began)
    {
        var answer = await meta.UpdateOneAsync(
            Documents.Filter.And(
                Documents.ById(Id), Documents.Filter.Eq("holder", holder), Documents.Filter.Eq("beat", beat)),
            Documents.Update.Set("holder", _self).Inc("beat", 1L)).ConfigureAwait(false);
        if (answer.MatchedCount == 0) return false;
        Hold(began);
        return true;
    }

    private void Hold(long began)
    {
        lock (_gate) (_held, _heldSince, _term) = (true, began, _term + 1);
    }
}
