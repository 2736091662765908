using System.Net.Sockets;
using System.Text;
using FaaS.Tests.Shared.Mongo;
using Testcontainers.MongoDb;

[assembly: AssemblyFixture(typeof(FaaS.Infrastructure.Tests.Mongo.MongoServerEnd))]

namespace FaaS.Infrastructure.Tests.Mongo;

/// <summary>
/// The one server of a test run: the one that <c>FAAS_TEST_MONGODB</c> names, else a container, else the wire-protocol
/// server. Where none can be had, tests are skipped with the reason.
/// </summary>
internal sealed class MongoServer : IAsyncDisposable
{
    /// <summary>What the wire-protocol server cannot do and MongoDB can, by test, with the reason.</summary>
    private static readonly Dictionary<string, string> BeyondTheWireServer = new()
    {
        ["Commit_WhenTheSequenceIsAnothersAlready_LosesNeitherJob"] =
            "the wire-protocol server does not enforce unique secondary indexes",
    };

    private static readonly Lazy<Task<MongoServer>> Shared = new(ChooseAsync);

    private readonly MongoWireServer? _wire;
    private readonly MongoDbContainer? _container;
    private readonly string? _reason;

    private MongoServer(string address, MongoWireServer? wire, MongoDbContainer? container, string? reason)
    {
        Address = address;
        _wire = wire;
        _container = container;
        _reason = reason;
    }

    /// <summary>Its URL without a database.</summary>
    public string Address { get; }

    /// <summary>The URL of a database of its own for a test.</summary>
    public string NewUrl() => UrlOf(Address, $"faas-test-{Guid.NewGuid():N}");

    /// <summary>The running server; the test that asks is skipped when there is none that can do it.</summary>
    public static async Task<MongoServer> NeedAsync()
    {
        var server = await Shared.Value;
        if (server._reason is not null) Assert.Skip($"There is no MongoDB to test against: {server._reason}.");
        var test = TestContext.Current.TestMethod?.MethodName ?? "";
        if (server._wire is not null && BeyondTheWireServer.TryGetValue(test, out var why))
            Assert.Skip($"Needs a real MongoDB: {why}.");
        return server;
    }

    public static async ValueTask EndAsync()
    {
        if (Shared.IsValueCreated) await (await Shared.Value).DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_wire is not null) await _wire.DisposeAsync();
        if (_container is not null) await _container.DisposeAsync();
    }

    private static async Task<MongoServer> ChooseAsync()
    {
        if (Environment.GetEnvironmentVariable("FAAS_TEST_MONGODB") is { Length: > 0 } url)
            return new MongoServer(url, null, null, null);
        if (await DockerAnswersAsync())
        {
            var container = new MongoDbBuilder("mongo:8.0").Build();
            await container.StartAsync();
            return new MongoServer(container.GetConnectionString(), null, container, null);
        }
        var (wire, reason) = await MongoWireServer.TryStartAsync();
        return wire is null
            ? new MongoServer("", null, null, $"FAAS_TEST_MONGODB is not set, Docker does not answer, and {reason}")
            : new MongoServer($"mongodb://127.0.0.1:{wire.Port}", wire, null, null);
    }

    private static string UrlOf(string address, string database)
    {
        var query = address.IndexOf('?', StringComparison.Ordinal);
        var (place, options) = query < 0 ? (address, "") : (address[..query], address[query..]);
        return $"{place.TrimEnd('/')}/{database}{options}";
    }

    /// <summary>Asks the engine's socket, for two seconds at most.</summary>
    private static async Task<bool> DockerAnswersAsync()
    {
        const string Path = "/var/run/docker.sock";
        if (!File.Exists(Path)) return false;
        try
        {
            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path), timeout.Token);
            await socket.SendAsync("GET /_ping HTTP/1.0\r\n\r\n"u8.ToArray(), timeout.Token);
            var answer = new byte[64];
            var length = await socket.ReceiveAsync(answer, timeout.Token);
            return Encoding.ASCII.GetString(answer, 0, length).Contains(" 200 ", StringComparison.Ordinal);
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            return false;
        }
    }
}

/// <summary>Ends the server when the run is over.</summary>
public sealed class MongoServerEnd : IAsyncDisposable
{
    /// <inheritdoc/>
    public ValueTask DisposeAsync() => MongoServer.EndAsync();
}
