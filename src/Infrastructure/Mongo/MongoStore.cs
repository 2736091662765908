using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Domain;
using FaaS.Domain.Functions;
using Microsoft.Extensions.Logging;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Mongo;

/// <summary>
/// The database as this process knows it: whether it may serve, and what it has cached while it does. Writes that
/// decide something go one at a time, as the queue's commits do anyway; because this process is the only one that
/// serves, what it decided from its cache cannot be overtaken.
/// </summary>
internal sealed class MongoStore : IDisposable
{
    private const string NotLooked = "MongoDB has not answered yet.";

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly MongoOwnership _ownership;
    private readonly MongoClient _client;
    private readonly ILogger _logger;
    private readonly string _database;
    private volatile string? _missing = NotLooked;
    private volatile string? _silence;
    private volatile bool _refused;
    private bool _prepared;
    private long _term;

    /// <summary>Sends nothing: a MongoDB that is not there is waited for by <see cref="MongoKeeper"/>.</summary>
    public MongoStore(MongoOptions options, FunctionLimits limits, TimeProvider time, ILogger<MongoStore> logger)
    {
        _client = new MongoClient(Settings(options));
        _database = MongoUrl.Create(options.Url).DatabaseName ?? MongoOptions.DefaultDatabase;
        var database = _client.GetDatabase(_database);
        _logger = logger;
        Schema = new Schema(database);
        Bindings = new Bindings(Schema, limits);
        Ledger = new Ledger(Schema);
        Payloads = new Payloads(Schema);
        Settlement = new Settlement(Schema, Ledger, Payloads);
        JobWrites = new JobWrites(Schema, Bindings, Settlement, logger);
        Retention = new Retention(Schema, Ledger, Payloads, Settlement);
        _ownership = new MongoOwnership(Schema.Meta, options.OwnerLease, time);
    }

    public Schema Schema { get; }

    public Bindings Bindings { get; }

    public Ledger Ledger { get; }

    public Payloads Payloads { get; }

    public Settlement Settlement { get; }

    public JobWrites JobWrites { get; }

    public Retention Retention { get; }

    /// <summary>The queue's newest epoch, while this process serves; changed within the gate only.</summary>
    public long Epoch { get; private set; }

    /// <summary>Why nothing is served, in a sentence; null while it is.</summary>
    public string? Missing => _missing ?? (IsServedTerm(_ownership.Term) ? null : _silence ?? NotOwned);

    /// <summary>That MongoDB did not answer the last turn, in a sentence; null when it did.</summary>
    public string? Silence => _silence;

    /// <summary>Whether it will never serve: the database is not this release's.</summary>
    public bool IsRefused => _refused;

    private string NotOwned =>
        $"MongoDB's database '{_database}' is owned by another process; this one waits until that one has stopped.";

    /// <summary>One turn of keeping it served: prepares, takes or renews. To be called again and again.</summary>
    public async Task TurnAsync()
    {
        if (_refused) return;
        try
        {
            if (!_prepared) await PrepareAsync().ConfigureAwait(false);
            if (!await _ownership.TurnAsync().ConfigureAwait(false)) Miss(NotOwned);
            else if (Missing is not null) await BeginAsync(_ownership.Term).ConfigureAwait(false);
            _silence = null;
        }
        catch (CompositionException error)
        {
            _refused = true;
            Miss(error.Message);
        }
        catch (Exception error) when (Faults.Is(error))
        {
            // While the ownership lasts the calls find out for themselves: MongoDB may be back with the next one.
            _silence = $"MongoDB does not answer ({Faults.Brief(error)}).";
            if (Missing is null) MongoLog.NoAnswer(_logger, Faults.Brief(error));
            else Miss(_silence);
        }
    }

    /// <summary>Waits for what is under way and lets a successor have the database at once.</summary>
    public async Task LeaveAsync()
    {
        Miss("The store is closing.");
        await _gate.WaitAsync().ConfigureAwait(false);
        try
        {
            await _ownership.ReleaseAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (Faults.Is(error))
        {
            MongoLog.NoAnswer(_logger, Faults.Brief(error));
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>
    /// Does something that changes the store, alone. Cancelling ends the wait for the turn; once it has begun it is
    /// answered, for half a commit is nobody's wish.
    /// </summary>
    public async Task<Result<T>> WriteAsync<T>(Func<Writing, Task<Result<T>>> work, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var answer = await WriteOpenlyAsync(work).ConfigureAwait(false);
            // What was being changed may have changed or not: the cache must be read anew.
            if (answer.Error is { Code: ErrorCode.NotDurable or ErrorCode.OutcomeUnknown }) Bindings.ForgetNames();
            return answer;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>As <see cref="WriteAsync"/>, but beside others: for what nothing else decides by.</summary>
    public async Task<Result<T>> WriteOpenlyAsync<T>(Func<Writing, Task<Result<T>>> work)
    {
        if (Missing is { } missing) return new Error(ErrorCode.NotDurable, missing, 1);
        var writing = new Writing();
        try
        {
            return await work(writing).ConfigureAwait(false);
        }
        catch (Exception error) when (Faults.Is(error))
        {
            MongoLog.WriteFailed(_logger, Faults.Brief(error), error);
            return Faults.OfWrite(error, writing.MayBeWritten);
        }
    }

    /// <summary>Reads.</summary>
    public async Task<Result<T>> ReadAsync<T>(Func<Task<Result<T>>> work)
    {
        if (Missing is { } missing) return new Error(ErrorCode.Unavailable, missing, 1);
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (Exception error) when (Faults.Is(error))
        {
            MongoLog.NoAnswer(_logger, Faults.Brief(error));
            return Faults.OfRead(error);
        }
    }

    /// <summary>Says in the log that an entry of the audit log stays without its outcome.</summary>
    public void LogUnclosedEntry(AuditNote note, Exception error) =>
        MongoLog.EntryUnclosed(_logger, note.Action, note.User, Faults.Brief(error));

    /// <summary>Takes the next epoch; within the gate.</summary>
    public async Task<long> TakeEpochAsync()
    {
        // Until it is known what was stored, no commit may pass for being of the newest epoch.
        Epoch = long.MaxValue;
        Epoch = await Schema.NextAsync(Schema.Epoch).ConfigureAwait(false);
        return Epoch;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _client.Dispose();
        Ledger.Dispose();
        _gate.Dispose();
    }

    private static MongoClientSettings Settings(MongoOptions options)
    {
        var settings = MongoClientSettings.FromConnectionString(options.Url);
        settings.ServerSelectionTimeout = options.ServerSelectionTimeout;
        settings.ConnectTimeout = options.ServerSelectionTimeout;
        settings.SocketTimeout = options.SocketTimeout;
        // Whatever the URL says: an acknowledged job is on the disks of a majority, and reads see no less and no more.
        settings.WriteConcern = WriteConcern.WMajority.With(journal: true, wTimeout: options.WriteTimeout);
        settings.ReadConcern = ReadConcern.Majority;
        settings.ReadPreference = ReadPreference.Primary;
        settings.RetryWrites = true;
        settings.RetryReads = true;
        settings.ApplicationName = "faas-db";
        return settings;
    }

    private async Task PrepareAsync()
    {
        await Schema.PrepareAsync().ConfigureAwait(false);
        _prepared = true;
    }

    /// <summary>Newly the owner: forgets what it knew, and finishes what a crash left half done.</summary>
    private async Task BeginAsync(long term)
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        try
        {
            Bindings.ForgetNames();
            Epoch = await Schema.ReadAsync(Schema.Epoch).ConfigureAwait(false);
            var settled = await Settlement.SettleAllAsync().ConfigureAwait(false);
            if (settled > 0) MongoLog.Settled(_logger, settled);
            Interlocked.Exchange(ref _term, term);
            _missing = null;
            MongoLog.Serving(_logger, _database);
        }
        finally
        {
            _gate.Release();
        }
    }

    private bool IsServedTerm(long term) => term != 0 && term == Interlocked.Read(ref _term);

    private void Miss(string reason)
    {
        if (_missing != reason) MongoLog.NotServing(_logger, reason);
        _missing = reason;
    }
}
