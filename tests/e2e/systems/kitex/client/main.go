// A Kitex client for the end-to-end tests: gRPC, with the framework's own
// tracing suite and Prometheus tracer. For each line of standard input, a number, it
// makes that many calls below one span, every tenth to fail, sends its spans, and prints
// `calls SUCCEEDED FAILED` and `trace ID`. It ends with its input.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/pkg/remote/trans/nphttp2/metadata"
	"github.com/cloudwego/kitex/pkg/rpcinfo"
	"github.com/cloudwego/kitex/transport"
	prometheus "github.com/kitex-contrib/monitor-prometheus"
	"github.com/kitex-contrib/obs-opentelemetry/provider"
	"github.com/kitex-contrib/obs-opentelemetry/tracing"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/baggage"

	echopb "kitexecho/kitex_gen/echo"
	"kitexecho/kitex_gen/echo/echo"
)

func main() {
	name := flag.String("name", "kitex-caller", "service name")
	callee := flag.String("callee", "echo", "service name of the server")
	addr := flag.String("addr", "127.0.0.1:8888", "where the server is")
	prom := flag.String("prom", "127.0.0.1:9091", "where /metrics is")
	otlp := flag.String("otlp", "127.0.0.1:4317", "where spans go, OTLP over gRPC")
	plain := flag.Bool("plain", false, "context in gRPC metadata of their own names as well")
	flag.Parse()

	p := provider.NewOpenTelemetryProvider(
		provider.WithServiceName(*name),
		provider.WithExportEndpoint(*otlp),
		provider.WithInsecure(),
		provider.WithEnableMetrics(false),
	)
	var options []tracing.Option
	if *plain {
		options = append(options, tracing.WithEnableGRPCMetadata())
	}
	c := echo.MustNewClient(*callee,
		client.WithHostPorts(*addr),
		client.WithTransportProtocol(transport.GRPC),
		client.WithSuite(tracing.NewClientSuite(options...)),
		client.WithTransportProtocol(transport.GRPC),
		client.WithTracer(prometheus.NewClientTracer(*prom, "/metrics", prometheus.WithEnableGoCollector(false))),
		client.WithClientBasicInfo(&rpcinfo.EndpointBasicInfo{ServiceName: *name}),
		client.WithRPCTimeout(10*time.Second),
	)

	member, err := baggage.NewMember("tenant", "acme")
	if err != nil {
		log.Fatal(err)
	}
	bag, err := baggage.New(member)
	if err != nil {
		log.Fatal(err)
	}
	ctx := baggage.ContextWithBaggage(context.Background(), bag)
	if *plain {
		// The suite writes into metadata only where there is some.
		ctx = metadata.AppendToOutgoingContext(ctx, "from", *name)
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		calls, err := strconv.Atoi(lines.Text())
		if err != nil {
			log.Fatal(err)
		}
		run(ctx, c, calls)
	}
	if err := p.Shutdown(context.Background()); err != nil {
		log.Println("shutdown:", err)
	}
}

func run(ctx context.Context, c echo.Client, calls int) {
	ctx, span := otel.Tracer("caller").Start(ctx, "run")
	succeeded, failed := 0, 0
	for i := range calls {
		call := c.Say
		if i%10 == 9 {
			call = c.Fail
		}
		if _, err := call(ctx, &echopb.Words{Text: "hello"}); err != nil {
			log.Println("call:", err)
			failed++
		} else {
			succeeded++
		}
	}
	span.End()
	// The provider's own Shutdown closes the exporter only: without this the spans
	// of the last 5 s are lost.
	if tp, ok := otel.GetTracerProvider().(interface{ ForceFlush(context.Context) error }); ok {
		if err := tp.ForceFlush(context.Background()); err != nil {
			log.Println("flush:", err)
		}
	}
	fmt.Println("calls", succeeded, failed)
	fmt.Println("trace", span.SpanContext().TraceID())
}
