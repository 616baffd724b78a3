// A Kitex server for the end-to-end tests: gRPC, with the framework's own
// tracing suite and Prometheus tracer.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/cloudwego/kitex/pkg/rpcinfo"
	"github.com/cloudwego/kitex/server"
	prometheus "github.com/kitex-contrib/monitor-prometheus"
	"github.com/kitex-contrib/obs-opentelemetry/provider"
	"github.com/kitex-contrib/obs-opentelemetry/tracing"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"

	echopb "kitexecho/kitex_gen/echo"
	"kitexecho/kitex_gen/echo/echo"
)

type service struct{}

// Say answers with what it was told, and puts the baggage that came onto its span.
func (service) Say(ctx context.Context, words *echopb.Words) (*echopb.Words, error) {
	span := trace.SpanFromContext(ctx)
	for _, member := range baggage.FromContext(ctx).Members() {
		span.SetAttributes(attribute.String("baggage."+member.Key(), member.Value()))
	}
	return &echopb.Words{Text: words.Text}, nil
}

func (service) Fail(context.Context, *echopb.Words) (*echopb.Words, error) {
	return nil, errors.New("boom")
}

func main() {
	name := flag.String("name", "kitex-echo", "service name")
	addr := flag.String("addr", "127.0.0.1:8888", "where to listen")
	prom := flag.String("prom", "127.0.0.1:9092", "where /metrics is")
	otlp := flag.String("otlp", "127.0.0.1:4317", "where spans go, OTLP over gRPC")
	plain := flag.Bool("plain", false, "context in gRPC metadata of their own names, not in metainfo")
	flag.Parse()

	p := provider.NewOpenTelemetryProvider(
		provider.WithServiceName(*name),
		provider.WithExportEndpoint(*otlp),
		provider.WithInsecure(),
		provider.WithEnableMetrics(false),
	)
	address, err := net.ResolveTCPAddr("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	var options []tracing.Option
	if *plain {
		options = append(options, tracing.WithEnableGRPCMetadata())
	}
	s := echo.NewServer(&service{},
		server.WithServiceAddr(address),
		server.WithSuite(tracing.NewServerSuite(options...)),
		server.WithTracer(prometheus.NewServerTracer(*prom, "/metrics", prometheus.WithEnableGoCollector(false))),
		server.WithServerBasicInfo(&rpcinfo.EndpointBasicInfo{ServiceName: *name}),
		server.WithExitSignal(func() <-chan error { return make(chan error) }),
	)
	go func() { log.Println("server:", s.Run()) }()

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, os.Interrupt)
	<-stop
	if err := s.Stop(); err != nil {
		log.Println("stop:", err)
	}
	// The provider's own Shutdown closes the exporter only: without this the spans
	// of the last 5 s are lost.
	if tp, ok := otel.GetTracerProvider().(interface{ ForceFlush(context.Context) error }); ok {
		if err := tp.ForceFlush(context.Background()); err != nil {
			log.Println("flush:", err)
		}
	}
	if err := p.Shutdown(context.Background()); err != nil {
		log.Println("shutdown:", err)
	}
}
