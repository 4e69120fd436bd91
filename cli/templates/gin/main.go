package main

import (
	"log"
	"net/http"
	"os"
	"time"

	"github.com/gin-gonic/gin"
)

func main() {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.Use(gin.Recovery())
	router.GET("/", func(c *gin.Context) {
		log.Printf("request %s", c.GetHeader("x-fc-request-id"))
		c.String(http.StatusOK, "Hello, %s!\n", c.DefaultQuery("name", "world"))
	})

	port := os.Getenv("FC_SERVER_PORT")
	if port == "" {
		port = "9000"
	}
	// Function Compute keeps its connections: a server that closes them earlier would fail requests.
	server := &http.Server{Addr: ":" + port, Handler: router, IdleTimeout: 15 * time.Minute}
	log.Fatal(server.ListenAndServe())
}
