using System.Text;
using FaaS.Application.Db;
using FaaS.Application.Queue;
using FaaS.Tests.Shared.Rest;

namespace FaaS.Infrastructure.Tests.Http;

public sealed class BodyTests
{
    private const string Run = "/u/ann/fn/add/run";
    private const int Limit = 256 * 1024;

    [Theory]
    [InlineData("{}", "not an array")]
    [InlineData("null", "not an array")]
    [InlineData(" \r\n", "white space")]
    [InlineData("[1,]", "line 1, byte 4")]
    [InlineData("[1,\n 2 3]", "line 2")]
    [InlineData("[1] []", "not JSON")]
    [InlineData("[1] // two", "not JSON")]
    [InlineData("[NaN]", "not JSON")]
    [InlineData("['a']", "not JSON")]
    public async Task Arguments_ThatAreNoJsonArray_AreRefusedWithWhatAndWhere(string arguments, string why)
    {
        var platform = new FakePlatform();
        await using var host = await FrontendHost.StartAsync(platform);

        var answer = await host.Rest.PostAsync(Run, arguments);

        answer.Status.Should().Be(400);
        answer.Code.Should().Be("invalid_arguments");
        answer.Word.Should().Contain(why);
        platform.Sent.Should().BeEmpty();
    }

    [Fact]
    public async Task Arguments_ThatAreNoText_AreRefused()
    {
        await using var host = await FrontendHost.StartAsync(new FakePlatform());

        var answer = await host.Rest.SendAsync(HttpMethod.Post, Run, [(byte)'[', (byte)'"', 0xFF, (byte)'"', (byte)']'], [], default);

        answer.Code.Should().Be("invalid_arguments");
        answer.Word.Should().Contain("UTF-8");
    }

    [Theory]
    [InlineData(512, true)]
    [InlineData(513, false)]
    [InlineData(10_000, false)]
    [InlineData(131_000, false)]
    public async Task Arguments_Nested_AreTakenAsDeepAsAllowed(int depth, bool taken)
    {
        await using var host = await FrontendHost.StartAsync(Records.Accepting());

        var answer = await host.Rest.PostAsync(Run, new string('[', depth) + new string(']', depth));

        answer.IsError.Should().Be(!taken);
        if (!taken) answer.Word.Should().Contain("deeper than 512 levels");
    }

    [Fact]
    public async Task Arguments_WithAByteOrderMark_AreTakenWithoutIt()
    {
        var platform = Records.Accepting();
        await using var host = await FrontendHost.StartAsync(platform);

        (await host.Rest.SendAsync(HttpMethod.Post, Run, [0xEF, 0xBB, 0xBF, (byte)'[', (byte)']'], [], default)).Status.Should().Be(200);

        platform.Sent.OfType<EnqueueJobs>().Single().Jobs.Single().Arguments.Inline.Should().Equal("[]"u8.ToArray());
    }

    [Fact]
    public async Task Source_ThatIsEmptyOrNoText_IsRefused()
    {
        await using var host = await FrontendHost.StartAsync(new FakePlatform().WithUser());

        var empty = await host.Rest.PostAsync("/u/ann/fn/add");
        var bytes = await host.Rest.SendAsync(HttpMethod.Post, "/u/ann/fn/add", [0xC3, 0x28], [], default);

        (empty.Status, empty.Code).Should().Be((422, "invalid_source"));
        (bytes.Status, bytes.Code).Should().Be((422, "invalid_source"));
    }

    [Fact]
    public async Task Body_UpToItsLimit_IsTakenAndNoByteMore()
    {
        var platform = Records.Accepting().On((RegisterFunction _) => new RegisteredFunction(1));
        await using var host = await FrontendHost.StartAsync(platform);
        static string Arguments(int bytes) => "[\"" + new string('x', bytes - 4) + "\"]";

        (await host.Rest.PostAsync(Run, Arguments(Limit))).Status.Should().Be(200);
        (await host.Rest.PostAsync(Run, Arguments(Limit + 1))).Code.Should().Be("too_large");
        (await host.Rest.PostAsync("/u/ann/fn/add", new string(' ', Limit))).Status.Should().Be(200);
        (await host.Rest.PostAsync("/u/ann/fn/add", new string(' ', Limit + 1))).Status.Should().Be(413);
    }

    [Fact]
    public async Task Body_AnnouncedOverTheLimit_IsRefusedUnread()
    {
        await using var host = await FrontendHost.StartAsync(new FakePlatform());
        await using var connection = RawConnection.Open(host.Rest.Address);

        await connection.SendAsync($"POST {Run} HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000000\r\n\r\n[");
        var answer = (await connection.ReadAsync())!;

        (answer.Status, answer.Code).Should().Be((413, "too_large"));
        answer.Word.Should().Contain("262144");
        answer.Header("X-Request-Id").Should().NotBeNull();
    }

    [Fact]
    public async Task Body_InChunksOverTheLimit_IsRefusedBeforeItsEnd()
    {
        await using var host = await FrontendHost.StartAsync(new FakePlatform());
        await using var connection = RawConnection.Open(host.Rest.Address);
        var chunk = Encoding.ASCII.GetBytes("10000\r\n" + new string('x', 0x10000) + "\r\n");

        await connection.SendAsync($"POST {Run} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (var i = 0; i < 5; i++) await connection.SendAsync(chunk);
        var answer = (await connection.ReadAsync())!;

        (answer.Status, answer.Code).Should().Be((413, "too_large"));
    }

    [Fact]
    public async Task Body_InChunks_IsOneBody()
    {
        var platform = Records.Accepting();
        await using var host = await FrontendHost.StartAsync(platform);
        await using var connection = RawConnection.Open(host.Rest.Address);

        await connection.SendAsync($"POST {Run} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n");
        await connection.SendAsync("3\r\n,2]\r\n0\r\n\r\n");
        (await connection.ReadAsync())!.Status.Should().Be(200);

        platform.Sent.OfType<EnqueueJobs>().Single().Jobs.Single().Arguments.Inline.Should().Equal("[1,2]"u8.ToArray());
    }

    [Theory]
    [InlineData("Content-Length: 100\r\n\r\n[1,2]")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\n[1,2]\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nzz\r\n")]
    public async Task Body_CutOffOrBroken_IsNotTaken(string rest)
    {
        var platform = Records.Accepting();
        await using var host = await FrontendHost.StartAsync(platform);
        await using (var connection = RawConnection.Open(host.Rest.Address))
        {
            await connection.SendAsync($"POST {Run} HTTP/1.1\r\nHost: x\r\n{rest}");
            connection.FinishSending();
            // The server may say so, or just close.
            if (await connection.ReadAsync() is { } answer) answer.Status.Should().Be(400);
        }

        (await host.Rest.GetAsync("/health/live")).Word.Should().Be("live");
        platform.Sent.Should().BeEmpty();
    }

    [Theory]
    [InlineData("Content-Length: 100\r\n\r\n[1,")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n")]
    public async Task Body_ThatIsStillArrivingWhenThePlatformStops_IsNotWaitedFor(string rest)
    {
        await using var host = await FrontendHost.StartAsync(Records.Accepting(), null, ("Http:UploadPatience", "00:00:00"));
        await using var connection = RawConnection.Open(host.Rest.Address);
        await connection.SendAsync($"POST {Run} HTTP/1.1\r\nHost: x\r\n{rest}");

        host.BeginStop();

        var answer = (await connection.ReadAsync())!;
        (answer.Status, answer.Code).Should().Be((503, "unavailable"));
        answer.Header("Retry-After").Should().Be("1");
    }

    [Theory]
    [InlineData("Http:SourceBytes", "10")]
    [InlineData("Http:ArgumentBytes", "2000000")]
    [InlineData("Http:ArgumentDepth", "513")]
    [InlineData("Http:SubmitDeadline", "00:00:00")]
    public async Task Setting_OutOfItsRange_RefusesToStart(string name, string value)
    {
        var starting = () => FrontendHost.StartAsync(new FakePlatform(), null, (name, value));

        var error = await starting.Should().ThrowAsync<Microsoft.Extensions.Options.OptionsValidationException>();
        error.Which.Message.Should().Contain(name.Split(':')[1]);
    }
}
