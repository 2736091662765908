using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Domain.Functions;
using FaaS.Infrastructure.Sqlite;
using FaaS.Infrastructure.Sqlite.Native;
using FaaS.Tests.Shared.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace FaaS.Infrastructure.Tests.Sqlite;

/// <summary>Which files are opened, and that the ones which are not are left byte for byte as they were.</summary>
public sealed class FileTests : IDisposable
{
    private const int ApplicationIdAt = 68;
    private const int VersionAt = 60;

    private readonly string _folder = SqliteStores.NewFolder();

    private string DatabaseFile => Path.Combine(_folder, "faas.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Open_WhenThereIsNoFile_MakesItWithItsFolder()
    {
        var file = Path.Combine(_folder, "deep", "er", "faas.db");

        Open(file).Dispose();

        Directory.GetFiles(Path.GetDirectoryName(file)!).Select(Path.GetFileName)
            .Should().BeEquivalentTo(["faas.db", "faas.db.lock"], "nothing else is left behind");
    }

    [Fact]
    public void Open_WhenThereIsNoFile_MarksItAsItsOwn()
    {
        Open().Dispose();

        ReadNumber(VersionAt).Should().Be(Schema.Version);
        ReadNumber(ApplicationIdAt).Should().Be(Schema.ApplicationId);
    }

    [Fact]
    public void Open_WhenTheFileWasEmptied_Refuses()
    {
        Open().Dispose();
        File.WriteAllBytes(DatabaseFile, []);

        ShouldRefuse("empty*backup");
    }

    [Fact]
    public void Open_WhenMakingItWasCutShort_MakesItAnew()
    {
        File.WriteAllText(DatabaseFile + ".new", "half a file");

        Open().Dispose();

        File.Exists(DatabaseFile + ".new").Should().BeFalse();
    }

    [Fact]
    public void Open_WhenTheFileIsGoneButItsLogIsNot_Refuses()
    {
        File.WriteAllText(DatabaseFile + "-wal", "acknowledged jobs");

        ShouldRefuse("log");
    }

    [Theory]
    [InlineData("This is a diary, and a rather long one. ")]
    [InlineData("short")]
    public void Open_WhenTheFileIsNotADatabase_Refuses(string line)
    {
        File.WriteAllText(DatabaseFile, string.Concat(Enumerable.Repeat(line, 1 + (5_000 / line.Length))));
        if (line == "short") File.WriteAllText(DatabaseFile, line);

        ShouldRefuse("not a SQLite database");
    }

    [Fact]
    public void Open_WhenTheFileIsAnotherPrograms_Refuses()
    {
        using (var database = Database.Create(DatabaseFile))
            database.Execute("CREATE TABLE notes(text); PRAGMA user_version = 1");

        ShouldRefuse("another program");
    }

    [Fact]
    public void Open_WhenTheFileIsNewer_Refuses()
    {
        Open().Dispose();
        Overwrite(VersionAt, BitConverter.GetBytes(BinaryPrimitives.ReverseEndianness(Schema.Version + 1)));

        ShouldRefuse("newer release");
    }

    [Fact]
    public void Open_WhenTheFileIsCutOff_Refuses()
    {
        Open().Dispose();
        using (var stream = File.OpenWrite(DatabaseFile)) stream.SetLength(stream.Length / 2);

        ShouldRefuse("cut off");
    }

    [Fact]
    public async Task Open_WhenAPageIsDamaged_Refuses()
    {
        await FillAsync();
        var garbage = new byte[4096];
        Array.Fill(garbage, (byte)0xA5);
        Overwrite(4096 * 12, garbage);

        ShouldRefuse("damaged");
    }

    [Theory]
    [InlineData("meta")]
    [InlineData("jobs")]
    [InlineData("jobs_open")]
    [InlineData("ledger_days")]
    [InlineData("payloads_orphaned")]
    public async Task Open_WhenALargeFilesRootsAreDamaged_Refuses(string root)
    {
        await FillAsync();
        long page;
        using (var database = Database.OpenImmutable(DatabaseFile))
            page = database.ReadNumber($"SELECT rootpage FROM sqlite_schema WHERE name = '{root}'");
        var garbage = new byte[4096];
        Array.Fill(garbage, (byte)0xA5);
        Overwrite(4096 * (page - 1), garbage);

        ShouldRefuse("damaged*backup", checkedBytes: 0);
    }

    [Fact]
    public async Task Open_WhenALargeFileIsWhole_OpensIt()
    {
        await FillAsync();

        Open(checkedBytes: 0).Dispose();
    }

    [Fact]
    public void Open_WhenAnotherHasIt_Refuses()
    {
        using var first = Open();

        var refused = () => Open();

        refused.Should().Throw<CompositionException>().WithMessage($"*{DatabaseFile}*another process*");
    }

    [Fact]
    public void Open_WhenItWasRefusedBefore_IsNotLocked()
    {
        File.WriteAllText(DatabaseFile, "short");
        ShouldRefuse("not a SQLite database");
        File.Delete(DatabaseFile);

        Open().Dispose();
    }

    [Fact]
    public void Open_WhenTheFolderCannotBeMade_Refuses()
    {
        var file = Path.Combine(DatabaseFile, "faas.db");
        File.WriteAllText(DatabaseFile, "a file where the folder should be");

        var refused = () => Open(file);

        refused.Should().Throw<CompositionException>().WithMessage($"*{file}*");
    }

    [Fact]
    public async Task Dispose_WhenThereWereWrites_LeavesOneWholeFile()
    {
        await FillAsync();

        File.Exists(DatabaseFile + "-wal").Should().BeFalse();
        using var database = Database.OpenImmutable(DatabaseFile);
        database.ReadNumber("SELECT count(*) FROM functions").Should().Be(300);
    }

    [Theory]
    [InlineData("sqlite:data/faas.db", "data/faas.db")]
    [InlineData("sqlite:/var/lib/faas.db", "/var/lib/faas.db")]
    public void FileOf_WhenTheUrlNamesAFile_GivesItsPath(string url, string file) =>
        SqliteOptions.FileOf(url).Should().Be(Path.GetFullPath(file));

    [Theory]
    [InlineData("mongodb://localhost")]
    [InlineData("sqlite:")]
    [InlineData("")]
    public void FileOf_WhenTheUrlIsAnother_Refuses(string url)
    {
        var refused = () => SqliteOptions.FileOf(url);

        refused.Should().Throw<CompositionException>().WithMessage("*DB_URL*sqlite:<file>*");
    }

    private SqliteStore Open(string? file = null, long checkedBytes = 64 << 20) => new(
        new SqliteOptions { File = file ?? DatabaseFile, CheckedBytes = checkedBytes }, FunctionLimits.Default,
        new StoreEnds(_ => { }, _ => { }), NullLogger<SqliteStore>.Instance);

    private async Task FillAsync()
    {
        await using var stores = new SqliteStores(DatabaseFile);
        await stores.Users.RegisterAsync("ada", 1, default);
        var registrations = Enumerable.Range(0, 300).Select(at =>
            stores.Functions.RegisterAsync("ada", $"f{at}", Encoding.UTF8.GetBytes($"() => {at}"), 1, FunctionBounds.None, default));
        foreach (var registration in await Task.WhenAll(registrations)) registration.IsOk.Should().BeTrue();
    }

    /// <summary>The sentence names the file and the reason, and nothing in the folder has changed but the lock.</summary>
    private void ShouldRefuse(string reason, long checkedBytes = 64 << 20)
    {
        var before = Fingerprint();

        var refused = () => Open(checkedBytes: checkedBytes);

        refused.Should().Throw<CompositionException>().WithMessage($"*{DatabaseFile}*{reason}*");
        Fingerprint().Should().BeEquivalentTo(before);
    }

    private Dictionary<string, string> Fingerprint() =>
        Directory.GetFiles(_folder).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal))
            .ToDictionary(file => file, file => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file))));

    private int ReadNumber(int at) =>
        BinaryPrimitives.ReadInt32BigEndian(File.ReadAllBytes(DatabaseFile).AsSpan(at));

    private void Overwrite(long at, byte[] bytes)
    {
        using var stream = File.OpenWrite(DatabaseFile);
        stream.Position = at;
        stream.Write(bytes);
    }
}
