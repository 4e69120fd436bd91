<?php

echo "loading\n";
throw new RuntimeException('at load');
