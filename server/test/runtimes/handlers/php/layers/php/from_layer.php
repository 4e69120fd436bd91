<?php

return 'from a layer';
