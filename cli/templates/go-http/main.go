package main

import (
	"context"
	"log"

	"github.com/aliyun/fc-runtime-go-sdk/fc"
)

// request has the fields of the HTTP request that are used here; there are more.
type request struct {
	QueryParameters map[string]string `json:"queryParameters"`
	RequestContext  struct {
		HTTP struct {
			Method string `json:"method"`
			Path   string `json:"path"`
		} `json:"http"`
	} `json:"requestContext"`
}

type response struct {
	StatusCode int               `json:"statusCode"`
	Headers    map[string]string `json:"headers"`
	Body       string            `json:"body"`
}

// handle is called with the HTTP request as JSON; what it returns is the HTTP response.
func handle(_ context.Context, asked request) (response, error) {
	log.Printf("%s %s", asked.RequestContext.HTTP.Method, asked.RequestContext.HTTP.Path)
	name := asked.QueryParameters["name"]
	if name == "" {
		name = "world"
	}
	return response{
		StatusCode: 200,
		Headers:    map[string]string{"Content-Type": "text/plain; charset=utf-8"},
		Body:       "Hello, " + name + "!\n",
	}, nil
}

func main() {
	fc.Start(handle)
}
