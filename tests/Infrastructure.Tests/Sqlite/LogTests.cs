using System.Buffers.Binary;
using FaaS.Application.Messaging;
using FaaS.Infrastructure.Sqlite;
using FaaS.Infrastructure.Sqlite.Native;
using FaaS.Tests.Shared.Stores;

namespace FaaS.Infrastructure.Tests.Sqlite;

/// <summary>A log that is damaged is refused; one that a crash cut short is not.</summary>
public sealed class LogTests : IDisposable
{
    private const int Header = 32;
    private const int Frame = 24 + 4096;

    private readonly string _folder = SqliteStores.NewFolder();

    private string DatabaseFile => Path.Combine(_folder, "faas.db");

    private string Log => DatabaseFile + "-wal";

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(20)]
    [InlineData(30)]
    public async Task Open_WhenTheLogsHeaderHasABitFlipped_Refuses(int at)
    {
        await KillAfterAsync(commits: 20);

        Flip(at);

        ShouldRefuse();
    }

    [Theory]
    [InlineData(0.05)]
    [InlineData(0.33)]
    [InlineData(0.66)]
    public async Task Open_WhenALogsPageHasABitFlipped_Refuses(double part)
    {
        await KillAfterAsync(commits: 20);
        var frame = (int)(Commits()[^2] * part);

        Flip(Header + (frame * Frame) + 1_000);

        ShouldRefuse();
    }

    [Theory]
    [InlineData(2)]
    [InlineData(9)]
    [InlineData(18)]
    public async Task Open_WhenAFrameBeforeTheLastCommitsHasItsHeaderDamaged_Refuses(int at)
    {
        await KillAfterAsync(commits: 20);

        Flip(Header + (Commits()[^4] * Frame) + at);

        ShouldRefuse();
    }

    [Fact]
    public async Task Open_WhenTheLogWasCutShort_HasEveryWholeTransaction()
    {
        await KillAfterAsync(commits: 20);
        var end = Header + (Commits()[^2] * Frame) + Frame + 100;
        using (var stream = File.OpenWrite(Log)) stream.SetLength(end);

        (await CountAsync()).Should().Be(19);
    }

    [Fact]
    public async Task Open_WhenThePowerFailedWithinTheLastTransaction_HasTheOthers()
    {
        await KillAfterAsync(commits: 20);
        // A disk writes what was not synced in any order: the transaction's end is there, its beginning is not.
        var beginning = Header + ((Commits()[^2] + 1) * Frame);
        using (var stream = File.OpenWrite(Log))
        {
            stream.Position = beginning + 500;
            stream.Write(Enumerable.Repeat((byte)0xA5, 512).ToArray());
        }

        (await CountAsync()).Should().Be(19);
    }

    [Fact]
    public async Task Open_WhenTheLogBeganAnewOverAnOlderOne_HasEverything()
    {
        var copy = Path.Combine(_folder, "killed.db");
        await using (var stores = new SqliteStores(DatabaseFile))
        {
            for (var at = 0; at < 20; at++) await AddAsync(stores, at);
            // A merge that reaches the end, and the next write begins over the older frames.
            using (var merger = Database.Open(DatabaseFile, readOnly: false)) merger.MergeLog();
            for (var at = 20; at < 23; at++) await AddAsync(stores, at);
            File.Copy(DatabaseFile, copy);
            File.Copy(Log, copy + "-wal");
        }

        (await CountAsync(copy)).Should().Be(23);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(32)]
    [InlineData(9_000)]
    public async Task Open_WhenTheLogsHeaderWasNeverWritten_HasTheFile(int length)
    {
        await KillAfterAsync(commits: 3);
        await CountAsync();
        await File.WriteAllBytesAsync(Log, new byte[length]);

        (await CountAsync()).Should().Be(3);
    }

    /// <summary>As many commits, all in the log and none in the file, as a killed process leaves them.</summary>
    private async Task KillAfterAsync(int commits)
    {
        var first = Path.Combine(_folder, "first", "faas.db");
        await using var stores = new SqliteStores(first);
        File.Copy(first, DatabaseFile);
        // As long as somebody reads what is there now, the log is neither merged to its end nor emptied.
        using var reader = Database.Open(first, readOnly: true);
        reader.Execute("BEGIN; SELECT count(*) FROM users");
        for (var at = 0; at < commits; at++) await AddAsync(stores, at);
        File.Copy(first + "-wal", Log);
    }

    private static async Task AddAsync(SqliteStores stores, int at) =>
        (await stores.Users.RegisterAsync($"user-{at}", 1, default)).Error.Should().BeNull();

    private async Task<long> CountAsync(string? file = null)
    {
        await using var stores = new SqliteStores(file ?? DatabaseFile);
        using var reader = Database.Open(stores.File, readOnly: true);
        return reader.ReadNumber("SELECT count(*) FROM users");
    }

    /// <summary>The numbers of the frames that end a transaction.</summary>
    private List<int> Commits()
    {
        var bytes = File.ReadAllBytes(Log);
        return [.. Enumerable.Range(0, (bytes.Length - Header) / Frame).Where(frame =>
            BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(Header + (frame * Frame) + 4)) != 0)];
    }

    private void Flip(int at)
    {
        var bytes = File.ReadAllBytes(Log);
        bytes[at] ^= 4;
        File.WriteAllBytes(Log, bytes);
    }

    private void ShouldRefuse()
    {
        var (file, log) = (File.ReadAllBytes(DatabaseFile), File.ReadAllBytes(Log));

        var refused = () => StoreFile.Take(new SqliteOptions { File = DatabaseFile });

        refused.Should().Throw<CompositionException>().WithMessage($"*{DatabaseFile}*log*damaged*backup*");
        File.ReadAllBytes(DatabaseFile).Should().Equal(file);
        File.ReadAllBytes(Log).Should().Equal(log);
    }
}
